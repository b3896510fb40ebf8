// How many counters a store keeps of a client, and the warning that it has dropped some.
//
// Twin: src/stores/redis/scripts/other-counters.lua

import { warn } from '../errors/warning.ts'

/**
 * The most counters that a store keeps of a client under one key. A charge on other limits keeps the counters
 * of a client that still count, and above this number it drops those that are over first.
 */
export const MOST_COUNTERS = 16

/** Warns once that a store has dropped counters. */
export class CounterBound {
  readonly #store: string
  #hasWarned = false

  /** @param store the name of the store's class */
  constructor(store: string) {
    this.#store = store
  }

  /** @param counters how many counters a charge has dropped */
  dropped(counters: number): void {
    if (counters === 0 || this.#hasWarned) return
    this.#hasWarned = true
    warn(
      'TOLLGATE_COUNTERS_DROPPED',
      `A ${this.#store} has dropped a counter of a client that still counted, because the client has more than ` +
        `${MOST_COUNTERS} counters of one limiter and class. Counters are identified by the name, the algorithm ` +
        'and the window of a limit. Use fewer of them, or give limiters with other limits another name.',
    )
  }
}
