import type { Limit } from './limit.ts'

/** What an algorithm answers to one charge on one limit. */
export interface Outcome<State> {
  readonly allowed: boolean
  /** Units left: after the charge when it is allowed, as they were when it is not. */
  readonly remaining: number
  /** Milliseconds from now, with the meaning of `LimitState.resetMs`. */
  readonly resetMs: number
  /** Milliseconds until the same charge is admitted; 0 when it is allowed. */
  readonly retryAfterMs: number
  /** The state to keep when the charge is taken. */
  readonly state: State
}

/**
 * Arithmetic on a few numbers: state, time, limit and cost in; outcome and new state out. No clock, no Map
 * and no promise, so that a store in another place (a script in Redis) can be proven equal to it.
 */
export interface Algorithm<State> {
  /**
   * @param state what the last charge left, or undefined for a new client
   * @param nowMs whole milliseconds on the store's clock
   * @param cost units; 0 asks where the limit stands and takes nothing
   */
  charge(state: State | undefined, nowMs: number, limit: Limit, cost: number): Outcome<State>
  /**
   * The state as it reads on a clock that was set back; the same object when it was not. Unlike the outcome
   * of a charge it is kept even when the charge is refused, so that nobody stays locked out for as long as
   * the clock went back on top of a window.
   */
  rewind(state: State, nowMs: number, limit: Limit): State
  /**
   * The state without a charge of `cost` units, as far as it still weighs on it; the same object when it
   * weighs no more.
   *
   * @param taken the state that the charge left
   */
  refund(state: State, taken: State, nowMs: number, limit: Limit, cost: number): State
}
