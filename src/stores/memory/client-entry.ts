/*
 * What the store knows of one client, as a plain object, and what follows from it: the result of a charge for each
 * limit, how full the limits are, and what changes when the clock is set back.
 *
 * Twin: src/stores/redis/scripts/limits.lua
 */
import type { AlgorithmResult } from '../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import { type BanState, banAt } from '../../limits/ban.ts'
import { isSameCounter, type Limit } from '../../limits/limit.ts'

/** A copy of what is known of a client. A change takes effect when the entry is written back. */
export interface ClientEntry {
  /** The limits of the latest charge, then other limits that still count. `states` has the same order. */
  limits: readonly Limit[]
  states: readonly AlgorithmState[]
  ban: BanState | undefined
  /** From this time on the client may be forgotten: its windows, its refusals and its ban have all ended. */
  expiresAtMs: number
  /** The cost of the latest charge where it was refused, and 0 where it was allowed. A row keeps it rounded down. */
  refusedCost: number
}

/** The results of one charge, one for each of its limits. */
export type AlgorithmResults = readonly AlgorithmResult<AlgorithmState>[]

/** The entry of an unknown client. */
export function emptyEntry(): ClientEntry {
  return { limits: NO_LIMITS, states: [], ban: undefined, expiresAtMs: 0, refusedCost: 0 }
}

/** Always the same array, because limits are recognised by the identity of their array. */
const NO_LIMITS: readonly Limit[] = []

/**
 * The part of the client's tightest limit that is used at `nowMs`, from 0 to 1. It is 1 where the client is limited: a
 * limit has nothing left, or too little for the charge that it refused.
 */
export function fullnessAt({ limits, states, refusedCost }: ClientEntry, nowMs: number): number {
  return limits.reduce((tightest, limit, index) => {
    const { remaining } = algorithmOf(limit).charge(states[index], nowMs, limit, 0)
    // A charge above the whole limit is refused at any time, and does not show that the client is limited.
    const isLimited = remaining < Math.max(1, Math.min(refusedCost, limit.burst))
    return Math.max(tightest, isLimited ? 1 : (limit.burst - remaining) / limit.burst)
  }, 0)
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

/** When the last limit of an entry counts no more, in milliseconds. A debt can last longer than a time to live. */
export function overAtMs({ limits, states }: ClientEntry, nowMs: number): number {
  return Math.max(
    0,
    ...limits.map((limit, index) => {
      const state = states[index]
      return state === undefined ? 0 : algorithmOf(limit).overAtMs(state, limit, nowMs)
    }),
  )
}

/**
 * The entry with these limits in the place of those that they share a count with. Their amounts may differ. The states
 * are another array if one of them has changed.
 */
export function withLimits(entry: ClientEntry, limits: readonly Limit[], nowMs: number): ClientEntry {
  if (entry.limits === limits) return entry
  const renewed = entry.limits.map((limit) => limits[indexOfLimit(limit, limits)] ?? limit)
  if (renewed.every((limit, index) => limit === entry.limits[index])) return entry
  const states = entry.states.map((state, index) => {
    const [from, to] = [entry.limits[index], renewed[index]]
    if (from === undefined || to === undefined) return state
    return algorithmOf(to).withLimit?.(state, from, to, nowMs) ?? state
  })
  const isChanged = states.some((state, index) => state !== entry.states[index])
  return { ...entry, limits: renewed, states: isChanged ? states : entry.states }
}
