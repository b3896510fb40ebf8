import type { Outcome } from '../../limits/algorithm.ts'
import type { Decision, LimitState } from '../../limits/decision.ts'
import { type FixedWindowState, fixedWindow } from '../../limits/fixed-window.ts'
import type { Charge } from '../store.ts'

/** What the memory store keeps of one key: one state for each limit, in the order of the charge. */
export interface MemoryEntry {
  states: readonly FixedWindowState[]
  /** From here on the entry may be forgotten: every window in it has ended. */
  expiresAtMs: number
  /** How much of its tightest limit it had used at its last charge: from 0 to 1, where 1 is refused. */
  fullness: number
}

export type Outcomes = readonly Outcome<FixedWindowState>[]

/** Brings an entry in line with a clock that was set back. */
export function rewindEntry(entry: MemoryEntry, nowMs: number): void {
  if (entry.states.every((state) => nowMs >= state.startMs)) return
  entry.states = entry.states.map((state) => fixedWindow.rewind(state, nowMs))
}

/** What each limit says to a cost, with nothing written. */
export function outcomesOf(
  entry: MemoryEntry | undefined,
  { limits }: Charge,
  nowMs: number,
  cost: number,
): Outcomes {
  return limits.map((limit, index) => fixedWindow.charge(entry?.states[index], nowMs, limit, cost))
}

/** The decision in numbers of its own, so that nobody holds a live counter. */
export function decisionOf(charge: Charge, asked: Outcomes, shown: Outcomes): Decision {
  return {
    allowed: asked.every((outcome) => outcome.allowed),
    retryAfterMs: Math.max(...asked.map((outcome) => outcome.retryAfterMs)),
    limits: charge.limits.map(({ name, limit }, index): LimitState => {
      const { remaining = 0, resetMs = 0 } = shown[index] ?? {}
      return { name, limit, remaining, resetMs }
    }),
  }
}
