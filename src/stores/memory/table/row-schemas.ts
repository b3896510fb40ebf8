/*
 * A schema lists the limits that a client's row has numbers of. Clients with the same limits share one schema, so
 * that a row needs to keep a 16-bit id only. An id is free again when its schema has no client.
 */
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import type { NumericAlgorithm } from '../../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import type { Limit } from '../../../limits/limit.ts'

/**
 * What the numbers of a row belong to: limits with these names, windows and amounts, counted by these algorithms, in
 * this order. The longest time for which one of the limits is remembered is part of the schema as well.
 */
export interface RowSchema {
  /** The number under which rows keep the schema; -1 while no client has it. */
  id: number
  /** How many clients have the schema. */
  clients: number
  readonly algorithms: readonly NumericAlgorithm<AlgorithmState>[]
  /** Whether it is one fixed window, which is the most frequent schema. */
  readonly isOneWindow: boolean
  /** The limits of the latest charge. Where the schema is without amounts, each charge may have others. */
  limits: readonly Limit[]
  /** The same text for the same schema, and another text for another schema. */
  readonly text: string
  /** The text without the amounts. */
  readonly textOfCounters: string
}

/** How many schemas can have clients at the same time: a row keeps the id in 16 bits. */
const MOST_SCHEMAS = 2 ** 16

/**
 * From so many schemas on, new ones are without amounts: a limit function may return another amount for each client.
 * What the clients of such a schema have left is then taken from the amounts of the latest charge.
 */
const MOST_WITH_AMOUNTS = 2 ** 15

/** Finds the schema of limits, and gives an id to each schema that has clients. */
export class RowSchemas {
  readonly #byId: (RowSchema | undefined)[] = []
  readonly #byText = new Map<string, RowSchema>()
  readonly #byLimits = new WeakMap<readonly Limit[], RowSchema>()
  readonly #freeIds: number[] = []
  #last: RowSchema | undefined

  /** Returns the schema of some limits, and makes them its latest limits. The limits of the last call need no lookup. */
  use(limits: readonly Limit[]): RowSchema {
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

  /** Counts one more client of a schema. The first client gives the schema its id. */
  retain(schema: RowSchema): void {
    if (schema.clients === 0) {
      schema.id = this.#freeId()
      this.#byId[schema.id] = schema
      this.#byText.set(schema.text, schema)
    }
    schema.clients++
  }

  /** Counts one client less of a schema. When the last client is gone, the id becomes free. */
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

  /** Forgets all clients of all schemas. */
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
    const textOfCounters = JSON.stringify([
      longestTtlMs(limits),
      limits.map(({ name, algorithm, windowMs, calendar }) => [name, algorithm, calendar?.id ?? windowMs]),
    ])
    const isCrowded = this.#byId.length - this.#freeIds.length >= MOST_WITH_AMOUNTS
    const amounts = limits.map(({ limit, burst }) => `${limit}/${burst}`)
    const textWithAmounts = `${textOfCounters} ${amounts}`
    const text = isCrowded && !this.#byText.has(textWithAmounts) ? textOfCounters : textWithAmounts
    const schema = this.#byText.get(text) ?? {
      id: -1,
      clients: 0,
      algorithms: limits.map(algorithmOf),
      isOneWindow: limits.length === 1 && limits[0]?.algorithm === 'fixed-window',
      limits,
      text,
      textOfCounters,
    }
    this.#byLimits.set(limits, schema)
    return schema
  }

  #freeId(): number {
    const id = this.#freeIds.pop() ?? this.#byId.length
    if (id < MOST_SCHEMAS) return id
    throw new RateLimiterError({
      code: 'store_failed',
      problem: `this MemoryStore has clients of ${MOST_SCHEMAS} different sets of limits, and cannot hold more`,
      remedy: 'Give some of the limiters a store of their own.',
    })
  }
}

/** The longest time for which one of some limits is remembered, in milliseconds; 0 where there is no limit. */
export function longestTtlMs(limits: readonly Limit[]): number {
  return limits.reduce((longest, { ttlMs }) => Math.max(longest, ttlMs), 0)
}
