import { Problem, shorten } from '../problem.ts'

/** How long a text may be, and what it is when absent. */
export interface TextRule {
  readonly longest: number
  readonly fallback?: string
}

/** Where a number may lie, and what it is when absent. */
export interface NumberRule {
  readonly least: number
  readonly most: number
  readonly fallback?: number
}

/** How long a list of texts may be, and each text in it. */
export interface ListRule {
  readonly most: number
  readonly longest: number
}

/**
 * Reads the fields of a JSON body or of a query one by one; the first that does not fit is a 400 that names
 * the field, what it held and what it takes. `done()` refuses fields that nobody asked for: mostly a
 * spelling, and silently ignored otherwise.
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
    throw invalid('body', body, 'takes a JSON object', 'Send one with Content-Type: application/json.')
  }

  /** The fields of a JSON body that may be left out altogether. */
  static ofOptionalBody(body: unknown): Fields {
    return Fields.ofBody(body === undefined ? {} : body)
  }

  /** The parameters of a query. */
  static ofQuery(query: object): Fields {
    return new Fields('query', query as Record<string, unknown>)
  }

  /** Whether the field was given. */
  has(name: string): boolean {
    return this.#read(name) !== undefined
  }

  text(name: string, rule: TextRule): string {
    const value = this.#read(name)
    if (value === undefined && rule.fallback !== undefined) return rule.fallback
    const fits = typeof value === 'string' && value.length <= rule.longest
    if (fits && (value.trim() !== '' || rule.fallback !== undefined)) return value
    throw invalid(name, value, 'takes text', `Give 1 to ${rule.longest} characters.`)
  }

  optionalText(name: string, longest: number): string | null {
    const value = this.#read(name)
    return value === undefined || value === null ? null : this.text(name, { longest })
  }

  wholeNumber(name: string, rule: NumberRule): number {
    const value = this.#number(name, rule.fallback)
    if (Number.isInteger(value) && value >= rule.least && value <= rule.most) return value
    const range = `Give a number from ${rule.least} to ${rule.most}.`
    throw invalid(name, this.#read(name), 'takes a whole number', range)
  }

  optionalNumber(name: string, rule: NumberRule): number | null {
    const given = this.#read(name)
    if (given === undefined || given === null) return null
    const value = this.#number(name, undefined)
    if (value >= rule.least && value <= rule.most) return value
    throw invalid(name, given, 'takes a number', `Give a number from ${rule.least} to ${rule.most}.`)
  }

  choice<C extends string>(name: string, choices: readonly C[], fallback?: C): C {
    const value = this.#read(name)
    if (value === undefined && fallback !== undefined) return fallback
    const chosen = choices.find((choice) => choice === value)
    if (chosen !== undefined) return chosen
    throw invalid(name, value, 'takes one of a few words', `Give ${choices.join(', ')}.`)
  }

  /** Milliseconds since the epoch of an ISO 8601 timestamp. */
  timestamp(name: string, fallbackMs: number): number {
    const value = this.#read(name)
    if (value === undefined) return fallbackMs
    const parsedMs = typeof value === 'string' && ISO_8601.test(value) ? Date.parse(value) : Number.NaN
    if (Number.isFinite(parsedMs)) return parsedMs
    throw invalid(name, value, 'takes a timestamp', "Give one with a zone, such as '2026-01-31T12:00:00Z'.")
  }

  texts(name: string, rule: ListRule, fallback: readonly string[]): readonly string[] {
    const value = this.#read(name)
    if (value === undefined) return fallback
    const fits = (item: unknown): boolean =>
      typeof item === 'string' && item.trim() !== '' && item.length <= rule.longest
    if (Array.isArray(value) && value.length <= rule.most && value.every(fits)) return value as string[]
    const remedy = `Give at most ${rule.most} texts of 1 to ${rule.longest} characters.`
    throw invalid(name, value, 'takes a list of texts', remedy)
  }

  /** The objects of a list, each with its own fields. */
  objects(name: string, most: number): readonly Fields[] {
    const value = this.#read(name)
    const isObject = (item: unknown): boolean =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
    if (Array.isArray(value) && value.length > 0 && value.length <= most && value.every(isObject)) {
      return value.map((item: Record<string, unknown>) => new Fields('body', item))
    }
    throw invalid(name, value, 'takes a list of objects', `Give 1 to ${most} objects.`)
  }

  /** Throws if there is a field that was never asked for. */
  done(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#known.has(name)) continue
      const known = [...this.#known].join(', ')
      const remedy = known === '' ? 'Leave it out.' : `The fields are ${known}.`
      throw invalid(name, this.#values[name], `is no field of this ${this.#where}`, remedy)
    }
  }

  #number(name: string, fallback: number | undefined): number {
    const value = this.#read(name)
    if (value === undefined && fallback !== undefined) return fallback
    if (typeof value === 'number') return value
    // A query knows only text; in a body, "5" for 5 is a mistake worth telling.
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
