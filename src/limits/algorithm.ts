import type { Limit } from './limit.ts'

/** What an algorithm answers to one charge on one limit. */
export interface AlgorithmResult<State> {
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

/** Takes the numbers of a state down, one after another. */
export interface NumberSink {
  /** Milliseconds on the store's clock. */
  instant(ms: number): void
  /** Any other number: units, an id, how many of something follow. */
  amount(value: number): void
}

/** Gives the numbers of a state back in the order in which a {@link NumberSink} was given them. */
export interface NumberSource {
  instant(): number
  amount(): number
}

/** The id after another: they go round, so that a word of 32 bits holds one. */
export function nextId(id: number): number {
  return (id + 1) >>> 0
}

/**
 * An odd number near 2^32 divided by the golden ratio (D. E. Knuth, The Art of Computer Programming, volume 3, 6.4):
 * its multiples spread evenly over 2^32.
 */
const ID_STEP = 0x9e3779b1

/**
 * Numbers from which the ids of new clients start. Two numbers in a row lie far apart. A client that was forgotten
 * and comes back gets ids that its old receipts do not hold.
 */
export class FirstIds {
  #last: number

  constructor(start = 0) {
    this.#last = start
  }

  next(): number {
    this.#last = (this.#last + ID_STEP) >>> 0
    return this.#last
  }
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
  charge(state: State | undefined, nowMs: number, limit: Limit, cost: number): AlgorithmResult<State>
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

/** What another store said of a limit, in answer to a charge of `cost` units. */
export interface RemoteState {
  readonly remaining: number
  readonly resetMs: number
  /** 0 where the charge was taken. */
  readonly retryAfterMs: number
  readonly cost: number
}

/** An algorithm whose states a store can keep as nothing but numbers. */
export interface NumericAlgorithm<State> extends Algorithm<State> {
  /**
   * The state of a client that nothing is known of.
   *
   * @param id whole, from 0 to 2^32 - 1. The ids by which refunds are told apart go on from here: a store that
   *   forgets clients begins elsewhere each time, lest a refund of before be honoured.
   */
  initialState(id: number): State
  /**
   * The state that comes nearest to what another store said, and never leaves a client more than that.
   *
   * @param state what was known before
   */
  seedFromRemote(state: State, remote: RemoteState, nowMs: number, limit: Limit): State
  /** Takes a state down as numbers, which is all that a store need keep of it. */
  write(state: State, sink: NumberSink): void
  /** The state that `write` took down. */
  read(source: NumberSource): State
}
