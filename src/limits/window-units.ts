/*
 * The units of an open window, whatever its end depends on.
 *
 * Twin: src/stores/memory/open-window-charge.ts
 * Twin: src/stores/redis/scripts/window-units.lua
 */
import { type AlgorithmResult, type ChargeRecord, changeOfUnits, type Settled } from './algorithm.ts'
import { type Limit, maxDebtOf } from './limit.ts'

/** What every window remembers of a client, besides when it ends. */
export interface WindowUnits {
  /** Units taken in this window. */
  readonly used: number
  /**
   * The number of this window among the client's windows. A settlement counts only in the window of its charge.
   */
  readonly windowId: number
}

/** @param resetMs milliseconds until the window ends */
export function chargeWindow<State extends WindowUnits>(
  state: State,
  limit: Limit,
  cost: number,
  resetMs: number,
): AlgorithmResult<State> {
  const allowed = state.used + cost <= limit.limit
  const used = allowed ? state.used + cost : state.used
  return {
    allowed,
    // `used` is above the limit after a settlement, and if a limit function returns a smaller limit than before.
    remaining: Math.max(0, limit.limit - used),
    resetMs,
    retryAfterMs: allowed ? 0 : resetMs,
    state: { ...state, used },
  }
}

/** The record of a charge in a window, for {@link settleWindow}. */
export function windowRecord({ windowId }: WindowUnits, cost: number): ChargeRecord {
  return [cost, windowId]
}

/** @param isOver whether the window of `state` has ended */
export function settleWindow<State extends WindowUnits>(
  state: State,
  record: ChargeRecord,
  isOver: boolean,
  limit: Limit,
  cost: number,
): Settled<State> {
  const [units, windowId = 0] = record
  if (isOver || state.windowId !== windowId) return { state, record }
  const change = changeOfUnits(units, cost, limit.limit + maxDebtOf(limit) - state.used)
  return {
    state: { ...state, used: Math.max(0, state.used + change) },
    record: [units + change, windowId],
  }
}
