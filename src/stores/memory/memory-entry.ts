import type { Outcome } from '../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import { type BanState, banAt } from '../../limits/ban.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'

/** What the memory store keeps of one key. */
export interface MemoryEntry {
  /** The limits that were charged last; `states` are in their order. */
  limits: readonly Limit[]
  states: readonly AlgorithmState[]
  ban: BanState | undefined
  /** From here on the entry may be forgotten: everything in it has ended. */
  expiresAtMs: number
  /** How much of its tightest limit it had used at its last charge: from 0 to 1, where 1 is refused. */
  fullness: number
}

/** How much of its tightest limit a client has used; what it has left is in the outcomes. */
export function fullnessOf(limits: readonly Limit[], outcomes: Outcomes): number {
  return Math.max(0, ...limits.map(({ burst }, index) => 1 - (outcomes[index]?.remaining ?? burst) / burst))
}

export type Outcomes = readonly Outcome<AlgorithmState>[]

export function emptyEntry(): MemoryEntry {
  return { limits: [], states: [], ban: undefined, expiresAtMs: 0, fullness: 0 }
}

/** Brings an entry in line with the clock: it may have been set back, or a ban be over. */
export function settleEntry(entry: MemoryEntry, nowMs: number): void {
  if (entry.ban !== undefined) entry.ban = banAt(entry.ban, nowMs)
  entry.limits.forEach((limit, index) => {
    const state = entry.states[index]
    if (state === undefined) return
    const rewound = algorithmOf(limit).rewind(state, nowMs, limit)
    if (rewound !== state) entry.states = entry.states.with(index, rewound)
  })
}

/** What each limit says to a cost, with nothing written. */
export function outcomesOf(
  entry: MemoryEntry | undefined,
  { limits }: Pick<Charge, 'limits'>,
  nowMs: number,
  cost: number,
): Outcomes {
  return limits.map((limit, index) =>
    algorithmOf(limit).charge(stateFor(entry, limits, index), nowMs, limit, cost),
  )
}

/** What was kept for the limit at `index`. */
export function stateFor(
  entry: MemoryEntry | undefined,
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
