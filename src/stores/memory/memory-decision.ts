import type { AlgorithmResult } from '../../limits/algorithm.ts'
import { type AlgorithmState, algorithmOf } from '../../limits/algorithms.ts'
import type { Ban, Decision, LimitState } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge } from '../store.ts'
import { type AlgorithmResults, type ClientEntry, stateFor } from './table/client-entry.ts'

/** Where a limit stands: numbers of the decision's own, so that nobody holds a live counter. */
export function limitStateOf(
  { name, burst }: Limit,
  { remaining, resetMs }: Pick<AlgorithmResult<AlgorithmState>, 'remaining' | 'resetMs'>,
): LimitState {
  return { name, limit: burst, remaining, resetMs }
}

/** A charge that would be admitted. */
export function allowedDecision(charge: Charge, standing: AlgorithmResults): Decision {
  return { allowed: true, retryAfterMs: 0, limits: statesOf(charge, standing) }
}

/**
 * A refused charge.
 *
 * @param asked what each limit says to it; one that refuses says with that where it stands, and more precisely
 *   when there will be more of it
 * @param known what was kept of the client, of which the other limits are asked where they stand
 */
export function refusedDecision(
  charge: Charge,
  asked: AlgorithmResults,
  known: ClientEntry | undefined,
  nowMs: number,
): Decision {
  const shown = charge.limits.map((limit, index) => {
    const outcome = asked[index]
    if (outcome?.allowed === false) return outcome
    return algorithmOf(limit).charge(stateFor(known, charge.limits, index), nowMs, limit, 0)
  })
  return { allowed: false, retryAfterMs: latestWait(asked), limits: statesOf(charge, shown) }
}

/** The charge of a banned client: nothing is left of any limit until the ban, and the wait for them, end. */
export function bannedDecision(charge: Charge, asked: AlgorithmResults, ban: Ban): Decision {
  const retryAfterMs = Math.max(ban.endsInMs, latestWait(asked))
  const limits = charge.limits.map(
    ({ name, burst }): LimitState => ({ name, limit: burst, remaining: 0, resetMs: retryAfterMs }),
  )
  return { allowed: false, retryAfterMs, limits, ban }
}

function statesOf({ limits }: Charge, outcomes: AlgorithmResults): LimitState[] {
  return limits.map((limit, index) => limitStateOf(limit, outcomes[index] ?? NOTHING))
}

/** There is an outcome for each limit; the compiler cannot know. */
const NOTHING = { remaining: 0, resetMs: 0 }

function latestWait(outcomes: AlgorithmResults): number {
  return Math.max(...outcomes.map((outcome) => outcome.retryAfterMs))
}
