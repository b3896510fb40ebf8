import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Decision, type LimitState, tightestOf } from '../limits/decision.ts'
import type { HeaderFormat } from '../response/header-format.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import type { ChargePlan } from './charge-plan.ts'
import { requestProperty, type SetOnRequest } from './request-property.ts'
import type { RequestState } from './request-state.ts'

/** What there is to tell of a request that was counted. */
export interface ToldOutcome {
  readonly plan: ChargePlan
  readonly answer: Decision
  /** Milliseconds until no limiter passed so far refuses the request; 0 when it was admitted. */
  readonly retryAfterMs: number
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly mode: 'enforce' | 'shadow'
}

/** Tells the client where it stands, in every format wanted. */
export function writeHeaders(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  state: RequestState,
  { plan, answer, nowMs, mode }: ToldOutcome,
): void {
  // One that has ended has sent its head, and to one whose client has hung up headers do no harm.
  if (res.headersSent) return
  for (const format of formats) {
    if (!state.acceptsDialect(format.dialect)) continue
    const tightest = state.tightest(format.name, answer.limits, mode === 'enforce')
    format.writePolicy(res, plan.policy.limits)
    format.writeState(res, { states: answer.limits, tightest, nowMs })
  }
}

/** Announces the limits alone: nothing is known of where they stand while the store is down. */
export function writePolicies(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  state: RequestState,
  { policy }: ChargePlan,
): void {
  if (res.headersSent) return
  for (const format of formats) {
    if (state.acceptsDialect(format.dialect)) format.writePolicy(res, policy.limits)
  }
}

/** Where the info of a request is put, compiled. */
export interface InfoProperty {
  /** Under which the state knows what was put there. */
  readonly label: string
  readonly set: SetOnRequest
}

export function infoProperty(name: string): InfoProperty {
  return { label: `req.${name}`, set: requestProperty(name) }
}

/**
 * Puts the info on the request, unless a limiter before has put a tighter one there; gives this limiter's
 * own in any case.
 */
export function attachInfo(
  req: IncomingMessage,
  property: InfoProperty,
  state: RequestState,
  outcome: ToldOutcome,
): RateLimitInfo {
  const { limits } = outcome.answer
  const own = tightestOf(limits)
  const info = infoOf(own, outcome)
  if (state.tightest(property.label, limits, outcome.mode === 'enforce') === own) {
    property.set(req, state, info)
  }
  return info
}

function infoOf(
  { limit, remaining, resetMs }: LimitState,
  { plan, answer, retryAfterMs, nowMs }: ToldOutcome,
): RateLimitInfo {
  return {
    limit,
    used: limit - remaining,
    remaining,
    resetTime: new Date(nowMs + resetMs),
    key: plan.clientKey,
    class: plan.policy.class,
    allowed: answer.allowed,
    banned: answer.ban !== undefined,
    retryAfterMs,
    limits: answer.limits,
  }
}
