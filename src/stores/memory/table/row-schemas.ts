import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import type { NumericAlgorithm } from '../../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import type { Limit } from '../../../limits/limit.ts'

/**
 * Of which limits a client has numbers: of these names, counted by these algorithms, in this order, and the longest of
 * them remembered for so long.
 */
export interface RowSchema {
  /** By which its clients know it; -1 while it has none. */
  id: number
  clients: number
  readonly algorithms: readonly NumericAlgorithm<AlgorithmState>[]
  /** Whether it is one fixed window, as most are. */
  readonly isOneWindow: boolean
  /** Those that were asked about last. Limits of one schema may differ in how much they allow. */
  limits: readonly Limit[]
  readonly text: string
}

/** RowSchemas that have clients at a time: a client keeps the id in 16 bits. */
const MOST_SCHEMAS = 2 ** 16

/** Numbers the schemas, so that clients need keep no more than a number. */
export class RowSchemas {
  readonly #byId: (RowSchema | undefined)[] = []
  readonly #byText = new Map<string, RowSchema>()
  readonly #byLimits = new WeakMap<readonly Limit[], RowSchema>()
  readonly #freeIds: number[] = []
  #last: RowSchema | undefined

  /** The schema of limits. Where they are those that were asked about last, there is nothing to look up. */
  of(limits: readonly Limit[]): RowSchema {
    const last = this.#last
    if (last?.limits === limits) return last
    const known = this.#byLimits.get(limits)
    const schema = known !== undefined && known.clients > 0 ? known : this.#find(limits)
    schema.limits = limits
    this.#last = schema
    return schema
  }

  at(id: number): RowSchema | undefined {
    return this.#byId[id]
  }

  /** Notes a client more; the first one brings the schema its id. */
  retain(schema: RowSchema): void {
    if (schema.clients === 0) {
      schema.id = this.#freeId()
      this.#byId[schema.id] = schema
      this.#byText.set(schema.text, schema)
    }
    schema.clients++
  }

  /** Notes a client less; with the last one the id goes. */
  release(id: number): void {
    const schema = this.#byId[id]
    if (schema === undefined) return
    schema.clients--
    if (schema.clients > 0) return
    schema.id = -1
    this.#byId[id] = undefined
    this.#freeIds.push(id)
    if (this.#byText.get(schema.text) === schema) this.#byText.delete(schema.text)
  }

  /** Forgets that there were clients. */
  clear(): void {
    for (const schema of this.#byId) {
      if (schema === undefined) continue
      schema.clients = 0
      schema.id = -1
    }
    this.#byText.clear()
    this.#byId.length = 0
    this.#freeIds.length = 0
  }

  #find(limits: readonly Limit[]): RowSchema {
    const text = JSON.stringify([
      longestTtlMs(limits),
      limits.map(({ name, algorithm }) => [name, algorithm]),
    ])
    const schema = this.#byText.get(text) ?? {
      id: -1,
      clients: 0,
      algorithms: limits.map(algorithmOf),
      isOneWindow: limits.length === 1 && limits[0]?.algorithm === 'fixed-window',
      limits,
      text,
    }
    this.#byLimits.set(limits, schema)
    return schema
  }

  #freeId(): number {
    const id = this.#freeIds.pop() ?? this.#byId.length
    if (id < MOST_SCHEMAS) return id
    throw new RateLimiterError({
      code: 'store_failed',
      problem: `this MemoryStore has clients of ${MOST_SCHEMAS} different sets of limit names`,
      remedy: 'Give each limiter of so many a store of its own.',
    })
  }
}

/** How long the longest-lived of some limits is remembered, in milliseconds. */
export function longestTtlMs(limits: readonly Limit[]): number {
  return limits.reduce((longest, { ttlMs }) => Math.max(longest, ttlMs), 0)
}
