import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Decision, type LimitState, tighter } from '../limits/decision.ts'
import type { HeaderFormat } from '../response/header-format.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import { isOpen } from '../response/send.ts'
import type { Assessment } from './assessment.ts'
import type { Passage } from './passage.ts'

/** Tells the client where it stands, in every format wanted. */
export function writeHeaders(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  passage: Passage,
  { policy }: Assessment,
  decision: Decision,
  nowMs: number,
): void {
  if (!isOpen(res)) return
  for (const format of formats) {
    const tightest = passage.tightest(format.name, decision.limits)
    if (tightest === undefined) continue
    format.writePolicy(res, policy.limits)
    format.writeState(res, { limits: policy.limits, states: decision.limits, tightest, nowMs })
  }
}

/** Announces the limits alone: nothing is known of where they stand while the store is down. */
export function writePolicies(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  { policy }: Assessment,
): void {
  if (!isOpen(res)) return
  for (const format of formats) format.writePolicy(res, policy.limits)
}

/**
 * Puts the info on the request, unless a limiter before has put a tighter one there; gives this limiter's
 * own in any case.
 */
export function attachInfo(
  req: IncomingMessage,
  property: string,
  passage: Passage,
  assessment: Assessment,
  decision: Decision,
  nowMs: number,
): RateLimitInfo {
  const own = decision.limits.reduce(tighter)
  const info = infoOf(own, assessment, decision, nowMs)
  if (passage.tightest(`req.${property}`, decision.limits) === own) {
    const carrier = req as unknown as Record<string, RateLimitInfo>
    carrier[property] = info
  }
  return info
}

function infoOf(
  { limit, remaining, resetMs }: LimitState,
  { policy, clientKey }: Assessment,
  { allowed, retryAfterMs, limits }: Decision,
  nowMs: number,
): RateLimitInfo {
  return {
    limit,
    used: limit - remaining,
    remaining,
    resetTime: new Date(nowMs + resetMs),
    key: clientKey,
    class: policy.class,
    allowed,
    retryAfterMs,
    limits,
  }
}
