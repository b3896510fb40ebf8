import { Problem, shorten } from '../problem.ts'

/** The maximum length of a text in characters, and its value if it is absent. */
export interface TextRule {
  readonly longest: number
  readonly fallback?: string
}

/** The range of a number, and its value if it is absent. */
export interface NumberRule {
  readonly least: number
  readonly most: number
  readonly fallback?: number
}

/** The maximum number of texts in a list, and the maximum length of each. */
export interface ListRule {
  readonly most: number
  readonly longest: number
}

/**
 * Reads the fields of a JSON body or of a query one by one. For the first invalid field it throws a Problem
 * with the field, its value and the valid values. `rejectUnknownFields()` rejects fields that were not read:
 * such a field is mostly misspelled, and would have no effect.
 */
export class Fields {
  readonly #where: 'body' | 'query'
  readonly #values: Readonly<Record<string, unknown>>
  readonly #known = new Set<string>()

  private constructor(where: 'body' | 'query', values: Readonly<Record<string, unknown>>) {
    this.#where = where
    this.#values = values
  }

  /** The fields of a JSON body. */
  static ofBody(body: unknown): Fields {
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return new Fields('body', body as Record<string, unknown>)
    }
    throw invalid('body', body, 'must be a JSON object', 'Send one with Content-Type: application/json.')
  }

  /** The fields of a JSON body that may be absent. */
  static ofOptionalBody(body: unknown): Fields {
    return Fields.ofBody(body === undefined ? {} : body)
  }

  /** The parameters of a query. */
  static ofQuery(query: object): Fields {
    return new Fields('query', query as Record<string, unknown>)
  }

  /** Whether the field is present. */
  has(name: string): boolean {
    return this.#read(name) !== undefined
  }

  text(name: string, rule: TextRule): string {
    const value = this.#read(name)
    if (value === undefined && rule.fallback !== undefined) return rule.fallback
    const fits = typeof value === 'string' && value.length <= rule.longest
    if (fits && (value.trim() !== '' || rule.fallback !== undefined)) return value
    throw invalid(name, value, 'must be a text', `Give 1 to ${rule.longest} characters.`)
  }

  optionalText(name: string, longest: number): string | null {
    const value = this.#read(name)
    return value === undefined || value === null ? null : this.text(name, { longest })
  }

  wholeNumber(name: string, rule: NumberRule): number {
    const value = this.#number(name, rule.fallback)
    if (Number.isInteger(value) && value >= rule.least && value <= rule.most) return value
    const range = `Give a number from ${rule.least} to ${rule.most}.`
    throw invalid(name, this.#read(name), 'must be a whole number', range)
  }

  optionalNumber(name: string, rule: NumberRule): number | null {
    const given = this.#read(name)
    if (given === undefined || given === null) return null
    const value = this.#number(name, undefined)
    if (value >= rule.least && value <= rule.most) return value
    throw invalid(name, given, 'must be a number', `Give a number from ${rule.least} to ${rule.most}.`)
  }

  choice<C extends string>(name: string, choices: readonly C[], fallback?: C): C {
    const value = this.#read(name)
    if (value === undefined && fallback !== undefined) return fallback
    const chosen = choices.find((choice) => choice === value)
    if (chosen !== undefined) return chosen
    throw invalid(name, value, 'must be one of the choices', `Give one of ${choices.join(', ')}.`)
  }

  /** The time of an ISO 8601 timestamp, in milliseconds since the epoch. */
  timestamp(name: string, fallbackMs: number): number {
    const value = this.#read(name)
    if (value === undefined) return fallbackMs
    const parsedMs = typeof value === 'string' && ISO_8601.test(value) ? Date.parse(value) : Number.NaN
    if (Number.isFinite(parsedMs)) return parsedMs
    throw invalid(name, value, 'must be a timestamp', "Give one with a zone, such as '2026-01-31T12:00:00Z'.")
  }

  texts(name: string, rule: ListRule, fallback: readonly string[]): readonly string[] {
    const value = this.#read(name)
    if (value === undefined) return fallback
    const fits = (item: unknown): boolean =>
      typeof item === 'string' && item.trim() !== '' && item.length <= rule.longest
    if (Array.isArray(value) && value.length <= rule.most && value.every(fits)) return value as string[]
    const remedy = `Give at most ${rule.most} texts of 1 to ${rule.longest} characters.`
    throw invalid(name, value, 'must be a list of texts', remedy)
  }

  /** The objects of a list, each with its own fields. */
  objects(name: string, most: number): readonly Fields[] {
    const value = this.#read(name)
    const isObject = (item: unknown): boolean =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
    if (Array.isArray(value) && value.length > 0 && value.length <= most && value.every(isObject)) {
      return value.map((item: Record<string, unknown>) => new Fields('body', item))
    }
    throw invalid(name, value, 'must be a list of objects', `Give 1 to ${most} objects.`)
  }

  /** Throws a Problem if there is a field that was not read. */
  rejectUnknownFields(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#known.has(name)) continue
      const known = [...this.#known].join(', ')
      const remedy = known === '' ? 'Omit it.' : `The fields are ${known}.`
      throw invalid(name, this.#values[name], `is not a field of this ${this.#where}`, remedy)
    }
  }

  #number(name: string, fallback: number | undefined): number {
    const value = this.#read(name)
    if (value === undefined && fallback !== undefined) return fallback
    if (typeof value === 'number') return value
    // The values of a query are always texts. In a body, "5" instead of 5 is a mistake.
    if (this.#where === 'query' && typeof value === 'string' && DECIMAL.test(value)) return Number(value)
    return Number.NaN
  }

  #read(name: string): unknown {
    this.#known.add(name)
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }
}

const DECIMAL = /^-?\d{1,15}(\.\d{1,10})?$/
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

function invalid(field: string, value: unknown, problem: string, remedy: string): Problem {
  const got = value === undefined ? 'nothing' : shorten(JSON.stringify(value))
  const shown = typeof value === 'string' ? shorten(value) : value
  const message = `${shorten(field)} ${problem}, got ${got}.`
  const small = typeof value !== 'object' || value === null
  return new Problem({
    kind: 'invalid',
    message,
    remedy,
    field: shorten(field),
    ...(small && value !== undefined ? { value: shown } : {}),
  })
}
