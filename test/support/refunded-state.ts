import type { Algorithm } from '../../src/limits/algorithm.ts'
import type { Limit } from '../../src/limits/limit.ts'

/**
 * The state without a charge of `cost` units.
 *
 * @param chargedState the state after that charge
 */
export function refundedState<State>(
  algorithm: Algorithm<State>,
  state: State,
  chargedState: State,
  nowMs: number,
  limit: Limit,
  cost: number,
): State {
  return algorithm.settle(state, algorithm.recordOf(chargedState, nowMs, limit, cost), nowMs, limit, 0).state
}
