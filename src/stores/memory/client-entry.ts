/*
 * What the store knows of one client, as a plain object, and what follows from it: the result of a charge for each
 * limit, the fullness, and what changes when the clock is set back.
 */
import type { AlgorithmResult } from '../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import { type BanState, banAt } from '../../limits/ban.ts'
import type { Limit } from '../../limits/limit.ts'
import { FULL } from './table/row-format.ts'

/** A copy of what is known of a client. A change takes effect when the entry is written back. */
export interface ClientEntry {
  /** The limits of the latest charge, then other limits that still count. `states` has the same order. */
  limits: readonly Limit[]
  states: readonly AlgorithmState[]
  ban: BanState | undefined
  /** From this time on the client may be forgotten: its windows, its refusals and its ban have all ended. */
  expiresAtMs: number
  /**
   * How much of its tightest limit the client had used at its latest charge, in steps of 1/31. 31 means that it is
   * at its limit. When the store is full, the client with the smallest fullness is forgotten first.
   */
  fullness: number
}

/** The results of one charge, one for each of its limits. */
export type AlgorithmResults = readonly AlgorithmResult<AlgorithmState>[]

/** The entry of a client of which nothing is known. */
export function emptyEntry(): ClientEntry {
  return { limits: NO_LIMITS, states: [], ban: undefined, expiresAtMs: 0, fullness: 0 }
}

/** Always the same array, because limits are recognised by the identity of their array. */
const NO_LIMITS: readonly Limit[] = []

/** The fullness of one limit. It is {@link FULL} only where nothing remains. */
export function fullnessOfLimit({ burst }: Limit, remaining: number): number {
  return remaining === 0 ? FULL : Math.min(FULL - 1, Math.floor(((burst - remaining) * FULL) / burst))
}

/** The fullness of the tightest of several limits. */
export function tightestFullness(limits: readonly Limit[], results: AlgorithmResults): number {
  let tightest = 0
  limits.forEach((limit, index) => {
    tightest = Math.max(tightest, fullnessOfLimit(limit, results[index]?.remaining ?? limit.burst))
  })
  return tightest
}

/**
 * Corrects an entry after the clock was set back, and removes a ban that has ended.
 *
 * @returns whether the entry has changed
 */
export function adjustToClock(entry: ClientEntry, nowMs: number): boolean {
  const { ban, states } = entry
  if (entry.ban !== undefined) entry.ban = banAt(entry.ban, nowMs)
  entry.limits.forEach((limit, index) => {
    const state = entry.states[index]
    if (state === undefined) return
    const rewound = algorithmOf(limit).rewind(state, nowMs, limit)
    if (rewound !== state) entry.states = entry.states.with(index, rewound)
  })
  return entry.ban !== ban || entry.states !== states
}

/** The result of a charge of `cost` for each limit. Nothing is written. */
export function resultsOf(
  entry: ClientEntry | undefined,
  limits: readonly Limit[],
  nowMs: number,
  cost: number,
): AlgorithmResults {
  return limits.map((limit, index) =>
    algorithmOf(limit).charge(stateFor(entry, limits, index), nowMs, limit, cost),
  )
}

/** The state that an entry has for the limit at `index` of `limits`; undefined where it has none. */
export function stateFor(
  entry: ClientEntry | undefined,
  limits: readonly Limit[],
  index: number,
): AlgorithmState | undefined {
  return entry?.states[entry.limits === limits ? index : indexOfLimit(limits[index], entry.limits)]
}

/**
 * The index of the limit in `limits` that shares its count with `limit`; -1 where there is none. Limits are recognised
 * by name, algorithm and window. A function, or another version of the limiter, may give other amounts or another order
 * from charge to charge.
 */
export function indexOfLimit(limit: Limit | undefined, limits: readonly Limit[]): number {
  return limits.findIndex((one) => limit !== undefined && isSameCounter(one, limit))
}

function isSameCounter(one: Limit, other: Limit): boolean {
  return one.name === other.name && one.algorithm === other.algorithm && one.windowMs === other.windowMs
}

/** The entry with these limits in the place of those that they share a count with. Their amounts may differ. */
export function withLimits(entry: ClientEntry, limits: readonly Limit[]): ClientEntry {
  if (entry.limits === limits) return entry
  const renewed = entry.limits.map((limit) => limits[indexOfLimit(limit, limits)] ?? limit)
  const isChanged = renewed.some((limit, index) => limit !== entry.limits[index])
  return isChanged ? { ...entry, limits: renewed } : entry
}
