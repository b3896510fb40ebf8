import type { Algorithm, AlgorithmResult } from '../../src/limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../src/limits/algorithms.ts'
import type { Limit } from '../../src/limits/limit.ts'

/** What a store keeps of an admitted charge, so that it can be given back. */
export interface Taken {
  readonly state: AlgorithmState
  readonly cost: number
}

/** One client whose charges a store counts: keeps the state of admitted ones, and drops that of refused ones. */
export class CountedClient {
  readonly limit: Limit
  /** One for every admitted charge, in turn. Giving one back twice is prevented by stores, and not here. */
  readonly receipts: Taken[] = []
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

  /** Another client that is where this one is; what is charged to one of them is not charged to the other. */
  copy(): CountedClient {
    return new CountedClient(this.limit, this.#state)
  }

  charge(nowMs: number, cost: number): AlgorithmResult<AlgorithmState> {
    const outcome = this.peek(nowMs, cost)
    if (outcome.allowed) {
      this.#state = outcome.state
      this.receipts.push({ state: outcome.state, cost })
    }
    return outcome
  }

  peek(nowMs: number, cost: number): AlgorithmResult<AlgorithmState> {
    this.#rewind(nowMs)
    return this.#algorithm.charge(this.#state, nowMs, this.limit, cost)
  }

  refund(nowMs: number, taken: Taken): void {
    this.#rewind(nowMs)
    if (this.#state === undefined) return
    this.#state = this.#algorithm.refund(this.#state, taken.state, nowMs, this.limit, taken.cost)
  }

  /** A clock that was set back is taken note of even where the charge is refused. */
  #rewind(nowMs: number): void {
    if (this.#state !== undefined) this.#state = this.#algorithm.rewind(this.#state, nowMs, this.limit)
  }
}
