import type { Decision, LimitState } from '../../src/limits/decision.ts'
import { chargeComposer, clientWithKey, type PolicyCharge } from '../../src/request/policy-charge.ts'
import type { ShownDecision } from '../../src/request/request-context.ts'
import type { RequestRecord } from '../../src/request/request-record.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { exchange } from './exchange.ts'

export const settings: ReturnType<typeof settingsOf> = settingsOf({ read: 10, standardHeaders: 'draft-11' })

/** The charge of a GET request. */
export function policyChargeOf(options: ReturnType<typeof settingsOf>): PolicyCharge {
  const { req, res } = exchange()
  return chargeComposer(options)(req, res, clientWithKey('192.0.2.1')) as PolicyCharge
}

export const policyCharge: PolicyCharge = policyChargeOf(settings)

/** An allowed charge that leaves so many units of a limit of 10. */
export function decisionWith(remaining: number, resetMs = 60_000): Decision {
  const state: LimitState = { name: 'read', limit: 10, remaining, resetMs }
  return { allowed: true, retryAfterMs: 0, limits: [state] }
}

/** A decision as it is shown a second after the epoch, by a limiter of its own that the request has met. */
export function shown(
  record: RequestRecord,
  decision: Decision,
  more: Partial<ShownDecision> = {},
): ShownDecision {
  const places = ['legacy', 'draft-11', 'req.rateLimit']
  const visit: ShownDecision = {
    limiter: { id: Symbol('limiter'), places, settings: { store: undefined } },
    policyCharge,
    decision,
    retryAfterMs: decision.retryAfterMs,
    nowMs: 1000,
    isEnforced: true,
    chargesNextTry: true,
    taken: undefined,
    before: undefined,
    unit: 'requests',
    info: undefined,
    ...more,
  }
  record.addVisit(visit)
  return visit
}
