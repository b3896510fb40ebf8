import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import type { NumericAlgorithm } from '../../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import type { Limit } from '../../../limits/limit.ts'

/**
 * Of which limits a client has numbers: of these names, counted by these algorithms, in this order, and the longest of
 * them remembered for so long.
 */
export interface Layout {
  /** By which its clients know it; -1 while it has none. */
  id: number
  clients: number
  readonly algorithms: readonly NumericAlgorithm<AlgorithmState>[]
  /** Whether it is one fixed window, as most are. */
  readonly isOneWindow: boolean
  /** Those that were asked about last. Limits of one layout may differ in how much they allow. */
  limits: readonly Limit[]
  readonly text: string
}

/** Layouts that have clients at a time: a client keeps the id in 16 bits. */
const MOST_LAYOUTS = 2 ** 16

/** Numbers the layouts, so that clients need keep no more than a number. */
export class Layouts {
  readonly #byId: (Layout | undefined)[] = []
  readonly #byText = new Map<string, Layout>()
  readonly #byLimits = new WeakMap<readonly Limit[], Layout>()
  readonly #freeIds: number[] = []
  #last: Layout | undefined

  /** The layout of limits. Where they are those that were asked about last, there is nothing to look up. */
  of(limits: readonly Limit[]): Layout {
    const last = this.#last
    if (last?.limits === limits) return last
    const known = this.#byLimits.get(limits)
    const layout = known !== undefined && known.clients > 0 ? known : this.#find(limits)
    layout.limits = limits
    this.#last = layout
    return layout
  }

  at(id: number): Layout | undefined {
    return this.#byId[id]
  }

  /** Notes a client more; the first one brings the layout its id. */
  retain(layout: Layout): void {
    if (layout.clients === 0) {
      layout.id = this.#freeId()
      this.#byId[layout.id] = layout
      this.#byText.set(layout.text, layout)
    }
    layout.clients++
  }

  /** Notes a client less; with the last one the id goes. */
  release(id: number): void {
    const layout = this.#byId[id]
    if (layout === undefined) return
    layout.clients--
    if (layout.clients > 0) return
    layout.id = -1
    this.#byId[id] = undefined
    this.#freeIds.push(id)
    if (this.#byText.get(layout.text) === layout) this.#byText.delete(layout.text)
  }

  /** Forgets that there were clients. */
  clear(): void {
    for (const layout of this.#byId) {
      if (layout === undefined) continue
      layout.clients = 0
      layout.id = -1
    }
    this.#byText.clear()
    this.#byId.length = 0
    this.#freeIds.length = 0
  }

  #find(limits: readonly Limit[]): Layout {
    const text = JSON.stringify([
      longestTtlMs(limits),
      limits.map(({ name, algorithm }) => [name, algorithm]),
    ])
    const layout = this.#byText.get(text) ?? {
      id: -1,
      clients: 0,
      algorithms: limits.map(algorithmOf),
      isOneWindow: limits.length === 1 && limits[0]?.algorithm === 'fixed-window',
      limits,
      text,
    }
    this.#byLimits.set(limits, layout)
    return layout
  }

  #freeId(): number {
    const id = this.#freeIds.pop() ?? this.#byId.length
    if (id < MOST_LAYOUTS) return id
    throw new RateLimiterError({
      code: 'store_failed',
      problem: `this MemoryStore has clients of ${MOST_LAYOUTS} different sets of limit names`,
      remedy: 'Give each limiter of so many a store of its own.',
    })
  }
}

/** How long the longest-lived of some limits is remembered, in milliseconds. */
export function longestTtlMs(limits: readonly Limit[]): number {
  return limits.reduce((longest, { ttlMs }) => Math.max(longest, ttlMs), 0)
}
