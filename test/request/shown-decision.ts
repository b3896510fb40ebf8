import type { Decision, LimitState } from '../../src/limits/decision.ts'
import { chargeComposer, clientWithKey, type PolicyCharge } from '../../src/request/policy-charge.ts'
import type { ShownDecision } from '../../src/request/request-context.ts'
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

/** A decision as it is shown a second after the epoch. */
export function shown(decision: Decision, more: Partial<ShownDecision> = {}): ShownDecision {
  return {
    policyCharge,
    decision,
    retryAfterMs: decision.retryAfterMs,
    nowMs: 1000,
    isEnforced: true,
    unit: 'requests',
    ...more,
  }
}
