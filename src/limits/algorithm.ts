/*
 * What the store asks of each algorithm, and the ids that algorithms give.
 *
 * Twin: src/stores/redis/scripts/batch.lua
 * Twin: src/stores/redis/scripts/change-of-units.lua
 * Twin: src/stores/redis/scripts/next-id.lua
 */
import type { Limit } from './limit.ts'

/** The result of one charge on one limit. */
export interface AlgorithmResult<State> {
  readonly allowed: boolean
  /** Units left: after the charge if it is allowed, else without the charge. */
  readonly remaining: number
  /** Milliseconds from now. It means the same as `LimitState.resetMs`. */
  readonly resetMs: number
  /** Milliseconds until the same charge is allowed. 0 if it is allowed now. */
  readonly retryAfterMs: number
  /** The state to keep if the charge is taken. */
  readonly state: State
}

/** Receives the numbers of a state, one after another. */
export interface NumberSink {
  /** Receives a time in milliseconds on the store's clock. */
  instant(ms: number): void
  /** Receives any other number: units, an id, or how many numbers follow. */
  amount(value: number): void
}

/** Returns the numbers of a state, in the order in which a {@link NumberSink} received them. */
export interface NumberSource {
  instant(): number
  amount(): number
}

/** The id after another id. After 2^32 - 1 comes 0, so that an id always fits in 32 bits. */
export function nextId(id: number): number {
  return (id + 1) >>> 0
}

/**
 * An odd number near 2^32 divided by the golden ratio (D. E. Knuth, The Art of Computer Programming, volume
 * 3, 6.4): its multiples spread evenly over 2^32. The script of Redis has the same number.
 */
const ID_STEP = 0x9e3779b1

/**
 * Numbers from which the ids of new clients start. Two consecutive numbers are far apart, so that a client
 * that was forgotten and returns gets ids that its old receipts do not contain.
 */
export class FirstIds {
  #last: number

  constructor(start = 0) {
    this.#last = start
  }

  /**
   * @param count how many numbers are taken. Each of them is `ID_STEP` more than the one before, modulo 2^32
   * @returns the first of them
   */
  next(count = 1): number {
    const first = (this.#last + ID_STEP) >>> 0
    this.#last = (this.#last + Math.imul(ID_STEP, count)) >>> 0
    return first
  }
}

/**
 * What a receipt keeps of a charge for one limit: the units that are recorded for the charge now, then numbers
 * that only the algorithm of the limit interprets. Each settlement makes a new record.
 */
export type ChargeRecord = readonly [units: number, ...others: number[]]

/** The result of a settlement for one limit. */
export interface Settled<State> {
  /** The same object as before if the window of the charge is over. */
  readonly state: State
  /** The same object as before if the window of the charge is over. */
  readonly record: ChargeRecord
}

/**
 * By how many units a settlement changes what is recorded for a charge.
 *
 * @param units recorded until now
 * @param cost what the charge is settled to
 * @param room the most units that can be taken now: all that are left, and the debt that is allowed
 */
export function changeOfUnits(units: number, cost: number, room: number): number {
  return Math.min(cost - units, Math.max(0, room))
}

/**
 * An algorithm is arithmetic on a few numbers. It computes a result and a new state from a state, a time, a
 * limit and a cost. It uses no clock, no Map and no promise. So tests can prove that an implementation
 * elsewhere (a script in Redis) is equal to it.
 */
export interface Algorithm<State> {
  /**
   * @param state the state after the last charge, or undefined for a new client
   * @param nowMs whole milliseconds on the store's clock
   * @param cost units; a charge of 0 units takes nothing, and its result shows the present state of the limit
   */
  charge(state: State | undefined, nowMs: number, limit: Limit, cost: number): AlgorithmResult<State>
  /**
   * Adjusts a state to a clock that was set back. Returns the same object if the clock was not set back.
   *
   * The store keeps the adjusted state even if it refuses the charge. Otherwise a client would wait for a
   * window and, in addition, for the time by which the clock was set back.
   */
  rewind(state: State, nowMs: number, limit: Limit): State
  /**
   * The state of a client whose limit was `from` and is `to`: another plan, or another version of the limiter. Both have
   * the same window. The units used stay used, at most as many as `to` has, or as a client of `to` can owe if it owes
   * units. Returns the same object only if the state means the same for both.
   *
   * The store keeps the new state even if it refuses the charge. Otherwise units would come back at the old rate.
   */
  withLimit?(state: State, from: Limit, to: Limit, nowMs: number): State
  /**
   * The record of a charge that was just taken.
   *
   * @param state the state after the charge
   * @param cost the units of the charge
   */
  recordOf(state: State, nowMs: number, limit: Limit, cost: number): ChargeRecord
  /**
   * Changes a charge to `cost` units. Less is given back. More is taken even if nothing is left, but never more
   * than leads to a debt of `maxDebt` units. If the window of the charge is over, nothing changes.
   *
   * @param record of the charge, from `recordOf` or from its last settlement. A charge that was settled to 0 must
   *   not be settled again.
   * @param cost units, a whole number of at least 0
   */
  settle(state: State, record: ChargeRecord, nowMs: number, limit: Limit, cost: number): Settled<State>
}

/** What another store answered about one limit, when it was asked for a charge of `cost` units. */
export interface RemoteState {
  readonly remaining: number
  readonly resetMs: number
  /** 0 if the charge was taken. */
  readonly retryAfterMs: number
  readonly cost: number
}

/** An algorithm whose states can be stored as a list of numbers. */
export interface NumericAlgorithm<State> extends Algorithm<State> {
  /**
   * The state of a new client.
   *
   * @param id a whole number from 0 to 2^32 - 1. The ids that connect charges with their settlements continue
   *   from this number. A store that forgets clients passes a different number each time, so that it does not
   *   accept receipts from before it forgot the client.
   */
  initialState(id: number): State
  /**
   * The time from which on the state no longer counts, so that a store can forget it. Milliseconds.
   *
   * @param nowMs as in `charge`. Only a limit counted by another clock needs it
   */
  overAtMs(state: State, limit: Limit, nowMs: number): number
  /**
   * The state that is nearest to the answer of another store. It never allows a client more than that answer
   * does.
   *
   * @param state the state in this store before the answer
   */
  seedFromRemote(state: State, remote: RemoteState, nowMs: number, limit: Limit): State
  /** Writes a state as numbers. A store needs to keep nothing else of it. */
  write(state: State, sink: NumberSink): void
  /** Reads the state that `write` wrote. */
  read(source: NumberSource): State
}
