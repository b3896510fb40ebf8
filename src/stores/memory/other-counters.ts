/*
 * The counters of a client that a charge does not concern, because another version of the limiter has charged them. A
 * charge keeps them while they count, so that two versions do not erase the counters of each other.
 *
 * Twin: src/stores/redis/scripts/other-counters.lua
 */
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import type { Limit } from '../../limits/limit.ts'
import { MOST_COUNTERS } from '../counter-bound.ts'
import { type ClientEntry, indexOfLimit } from './client-entry.ts'

/** What a charge keeps of the counters that it does not concern. */
export interface OtherCounters {
  /** The limits of the charge, then those of the counters that are kept. */
  readonly allLimits: readonly Limit[]
  /** The states of the counters that are kept. */
  readonly states: readonly AlgorithmState[]
  /** How many counters are dropped although they still count, because the client has too many. */
  readonly dropped: number
}

interface Counter {
  readonly limit: Limit
  readonly state: AlgorithmState
  readonly overAtMs: number
}

/** What to keep of a client that is charged on these limits; undefined where all its counters are theirs. */
export function otherCounters(
  entry: ClientEntry,
  limits: readonly Limit[],
  nowMs: number,
): OtherCounters | undefined {
  if (entry.limits === limits) return undefined
  const counters = liveCounters(entry, limits, nowMs)
  const live = counters.length
  while (counters.length > Math.max(0, MOST_COUNTERS - limits.length)) removeFirstOver(counters)
  if (live === 0) return undefined
  const kept = counters.map(({ limit }) => limit)
  return {
    allLimits: startsWith(entry.limits, limits, kept) ? entry.limits : [...limits, ...kept],
    states: counters.map(({ state }) => state),
    dropped: live - counters.length,
  }
}

/** The counters of other limits that still count. */
function liveCounters(entry: ClientEntry, limits: readonly Limit[], nowMs: number): Counter[] {
  const counters: Counter[] = []
  entry.limits.forEach((limit, index) => {
    const state = entry.states[index]
    if (state === undefined || indexOfLimit(limit, limits) !== -1) return
    const overAtMs = algorithmOf(limit).overAtMs(state, limit, nowMs)
    if (overAtMs > nowMs) counters.push({ limit, state, overAtMs })
  })
  return counters
}

/** Among equals it is the first one. */
function removeFirstOver(counters: Counter[]): void {
  const earliestMs = Math.min(...counters.map(({ overAtMs }) => overAtMs))
  counters.splice(
    counters.findIndex(({ overAtMs }) => overAtMs === earliestMs),
    1,
  )
}

/** Whether a list consists of the first limits and then the others. The same array needs no new schema. */
function startsWith(list: readonly Limit[], first: readonly Limit[], others: readonly Limit[]): boolean {
  const expected = [...first, ...others]
  return list.length === expected.length && expected.every((limit, index) => limit === list[index])
}
