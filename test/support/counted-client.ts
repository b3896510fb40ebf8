import type { Algorithm, AlgorithmResult, ChargeRecord } from '../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'

/** What a store keeps of a charge that was taken, so that it can settle the charge. */
export interface TakenCharge {
  /** The state after the charge. */
  readonly state: AlgorithmState
  readonly cost: number
  /** What is recorded of the charge now. */
  record: ChargeRecord
}

/**
 * One client of one limit. As in a store, the state changes with each charge that is taken, and with no
 * refusal.
 */
export class CountedClient {
  readonly limit: Limit
  /**
   * All charges that were taken, in their order. This class does not prevent that a charge is settled after a refund.
   */
  readonly takenCharges: TakenCharge[] = []
  readonly #algorithm: Algorithm<AlgorithmState>
  #state: AlgorithmState | undefined

  constructor(limit: Limit, state?: AlgorithmState) {
    this.limit = limit
    this.#algorithm = algorithmOf(limit)
    this.#state = state
  }

  get state(): AlgorithmState | undefined {
    return this.#state
  }

  /** Another client with the same state. From now on, both are charged separately. */
  copy(): CountedClient {
    return new CountedClient(this.limit, this.#state)
  }

  charge(nowMs: number, cost: number): AlgorithmResult<AlgorithmState> {
    const result = this.peek(nowMs, cost)
    if (result.allowed) {
      this.#state = result.state
      const record = this.#algorithm.recordOf(result.state, nowMs, this.limit, cost)
      this.takenCharges.push({ state: result.state, cost, record })
    }
    return result
  }

  peek(nowMs: number, cost: number): AlgorithmResult<AlgorithmState> {
    this.#rewind(nowMs)
    return this.#algorithm.charge(this.#state, nowMs, this.limit, cost)
  }

  refund(nowMs: number, taken: TakenCharge): void {
    this.settle(nowMs, taken, 0)
  }

  /** Sets a charge to `units`. Returns the units that are recorded for it now. */
  settle(nowMs: number, taken: TakenCharge, units: number): number {
    this.#rewind(nowMs)
    if (this.#state === undefined) return taken.record[0]
    const settled = this.#algorithm.settle(this.#state, taken.record, nowMs, this.limit, units)
    this.#state = settled.state
    taken.record = settled.record
    return taken.record[0]
  }

  /**
   * Adjusts the state to a clock that was set back. As in a store, this happens even if the charge is
   * refused.
   */
  #rewind(nowMs: number): void {
    if (this.#state !== undefined) this.#state = this.#algorithm.rewind(this.#state, nowMs, this.limit)
  }
}
