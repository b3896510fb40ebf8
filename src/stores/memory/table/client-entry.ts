import type { AlgorithmResult } from '../../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../../limits/algorithms.ts'
import { type BanState, banAt } from '../../../limits/ban.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { Charge } from '../../store.ts'
import { FULL } from './row-format.ts'

/** What the memory store knows of one client. A copy: changes count once they are written. */
export interface ClientEntry {
  /** Limits of the names and algorithms that were charged last; `states` are in their order. */
  limits: readonly Limit[]
  states: readonly AlgorithmState[]
  ban: BanState | undefined
  /** From here on the client may be forgotten: everything in it has ended. */
  expiresAtMs: number
  /** How much of its tightest limit it had used at its last charge, in 31 steps; the last one is refused. */
  fullness: number
}

/** How much of a limit is used, in steps of which {@link FULL} are all of it. */
export function fullnessOfLimit({ burst }: Limit, remaining: number): number {
  return remaining === 0 ? FULL : Math.min(FULL - 1, Math.floor(((burst - remaining) * FULL) / burst))
}

/** The fullness of the tightest of several limits. */
export function tightestFullness(limits: readonly Limit[], outcomes: AlgorithmResults): number {
  let tightest = 0
  limits.forEach((limit, index) => {
    tightest = Math.max(tightest, fullnessOfLimit(limit, outcomes[index]?.remaining ?? limit.burst))
  })
  return tightest
}

export type AlgorithmResults = readonly AlgorithmResult<AlgorithmState>[]

export function emptyEntry(): ClientEntry {
  return { limits: NO_LIMITS, states: [], ban: undefined, expiresAtMs: 0, fullness: 0 }
}

/** One array, since limits are known by the identity of theirs. */
const NO_LIMITS: readonly Limit[] = []

/**
 * Brings an entry in line with the clock: it may have been set back, or a ban be over. Answers whether that
 * changed anything.
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

/** What each limit says to a cost, with nothing written. */
export function resultsOf(
  entry: ClientEntry | undefined,
  { limits }: Pick<Charge, 'limits'>,
  nowMs: number,
  cost: number,
): AlgorithmResults {
  return limits.map((limit, index) =>
    algorithmOf(limit).charge(stateFor(entry, limits, index), nowMs, limit, cost),
  )
}

/** What was kept for the limit at `index`. */
export function stateFor(
  entry: ClientEntry | undefined,
  limits: readonly Limit[],
  index: number,
): AlgorithmState | undefined {
  return entry?.states[entry.limits === limits ? index : placeOf(limits[index], entry.limits)]
}

/**
 * Where a limit's count stands among those of `limits`; -1 where it has none. Limits that are not the same (a
 * function decided otherwise, or another order) are known by their names; a state of another algorithm is none.
 */
export function placeOf(limit: Limit | undefined, limits: readonly Limit[]): number {
  return limits.findIndex(({ name, algorithm }) => name === limit?.name && algorithm === limit.algorithm)
}
