import type { Outcome } from '../../src/limits/algorithm.ts'
import { type FixedWindowState, fixedWindow } from '../../src/limits/fixed-window.ts'
import type { Limit } from '../../src/limits/limit.ts'

/** One client whose charges a store counts: keeps the state of admitted ones, and drops that of refused ones. */
export class CountedClient {
  readonly #limit: Limit
  #state: FixedWindowState | undefined

  constructor(limit: Limit) {
    this.#limit = limit
  }

  charge(nowMs: number, cost: number): Outcome<FixedWindowState> {
    const outcome = this.peek(nowMs, cost)
    if (outcome.allowed) this.#state = outcome.state
    return outcome
  }

  peek(nowMs: number, cost: number): Outcome<FixedWindowState> {
    if (this.#state !== undefined) this.#state = fixedWindow.rewind(this.#state, nowMs)
    return fixedWindow.charge(this.#state, nowMs, this.#limit, cost)
  }

  /** The window of the last admitted charge, as a receipt keeps it. */
  get windowId(): number {
    return this.#state === undefined ? 0 : fixedWindow.windowOf(this.#state)
  }

  refund(windowId: number, cost: number): void {
    if (this.#state !== undefined) this.#state = fixedWindow.refund(this.#state, windowId, cost)
  }
}
