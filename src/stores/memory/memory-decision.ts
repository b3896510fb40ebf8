/*
 * Composes the decisions that the store answers, from the results of the limits.
 *
 * Twin: src/stores/memory/open-window-charge.ts
 * Twin: src/stores/redis/scripts/decide.lua
 */
import type { AlgorithmResult } from '../../limits/algorithm.ts'
import { algorithmOf } from '../../limits/algorithms.ts'
import type { Ban, Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { type AlgorithmResults, type ClientEntry, stateFor } from './client-entry.ts'

/** What a decision shows of a limit: a fresh object, so that nobody holds a live counter. */
export function limitStateOf(
  limit: Limit,
  result: Pick<AlgorithmResult<unknown>, 'remaining' | 'resetMs'>,
): LimitState {
  const { remaining, resetMs } = result
  return { name: limit.name, limit: limit.burst, remaining, resetMs }
}

export function limitStatesOf(limits: readonly Limit[], results: AlgorithmResults): LimitState[] {
  return limits.map((limit, index) => limitStateOf(limit, results[index] ?? { remaining: 0, resetMs: 0 }))
}

/**
 * A limit that refuses shows when the first of the missing units comes back. The other limits show what they have
 * without the charge.
 */
export function refusedDecision(
  limits: readonly Limit[],
  results: AlgorithmResults,
  entry: ClientEntry | undefined,
  nowMs: number,
): Decision {
  const shown = limits.map((limit, index) => {
    const result = results[index]
    if (result?.allowed === false) return result
    return algorithmOf(limit).charge(stateFor(entry, limits, index), nowMs, limit, 0)
  })
  return { allowed: false, retryAfterMs: longestRetryMs(results), limits: limitStatesOf(limits, shown) }
}

/** A banned client has nothing left of any limit until the ban has ended and the limits allow the charge. */
export function bannedDecision(limits: readonly Limit[], results: AlgorithmResults, ban: Ban): Decision {
  const retryAfterMs = Math.max(ban.endsInMs, longestRetryMs(results))
  const none = { remaining: 0, resetMs: retryAfterMs }
  return { allowed: false, retryAfterMs, limits: limits.map((limit) => limitStateOf(limit, none)), ban }
}

function longestRetryMs(results: AlgorithmResults): number {
  return Math.max(...results.map(({ retryAfterMs }) => retryAfterMs))
}
