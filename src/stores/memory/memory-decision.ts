import { algorithmOf } from '../../limits/algorithms.ts'
import type { Ban, Decision, LimitState, Receipt } from '../../limits/decision.ts'
import type { Charge } from '../store.ts'
import { type MemoryEntry, type Outcomes, stateFor } from './memory-entry.ts'

/** An admitted charge: where its limits now stand, and when the same charge could be taken again. */
export function admission(charge: Charge, outcomes: Outcomes, nowMs: number, receipt?: Receipt): Decision {
  const limits = statesOf(charge, outcomes)
  const repeatAfterMs = msUntilRepeat(charge, outcomes, nowMs)
  return {
    allowed: true,
    retryAfterMs: 0,
    limits,
    ...(repeatAfterMs === 0 ? undefined : { repeatAfterMs }),
    ...(receipt === undefined ? undefined : { receipt }),
  }
}

/**
 * A refused charge.
 *
 * @param asked what each limit says to it; one that refuses says with that where it stands, and more precisely
 *   when there will be more of it
 * @param known what was kept of the client, of which the other limits are asked where they stand
 */
export function refusal(
  charge: Charge,
  asked: Outcomes,
  known: MemoryEntry | undefined,
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
export function outright(charge: Charge, asked: Outcomes, ban: Ban): Decision {
  const retryAfterMs = Math.max(ban.endsInMs, latestWait(asked))
  const limits = charge.limits.map(
    ({ name, burst }): LimitState => ({ name, limit: burst, remaining: 0, resetMs: retryAfterMs }),
  )
  return { allowed: false, retryAfterMs, limits, ban }
}

/** Numbers of the decision's own, so that nobody holds a live counter. */
function statesOf({ limits }: Charge, outcomes: Outcomes): LimitState[] {
  return limits.map(({ name, burst }, index): LimitState => {
    const { remaining = 0, resetMs = 0 } = outcomes[index] ?? {}
    return { name, limit: burst, remaining, resetMs }
  })
}

function latestWait(outcomes: Outcomes): number {
  return Math.max(...outcomes.map((outcome) => outcome.retryAfterMs))
}

function msUntilRepeat({ limits, cost }: Charge, outcomes: Outcomes, nowMs: number): number {
  let latest = 0
  limits.forEach((limit, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined || outcome.remaining >= cost) return
    latest = Math.max(latest, algorithmOf(limit).charge(outcome.state, nowMs, limit, cost).retryAfterMs)
  })
  return latest
}
