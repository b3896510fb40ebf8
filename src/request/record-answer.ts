import type { IncomingMessage, ServerResponse } from 'node:http'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { unitOfClass } from '../limits/quota-unit.ts'
import { publishDecision } from './decision-events.ts'
import { warnOfDoubleCharge } from './double-charge-warning.ts'
import { refundWhenFinished } from './refund-on-response.ts'
import type { AnsweredRequest, MiddlewareParts, RequestContext, ShownDecision } from './request-context.ts'
import { refundCharge } from './taken-charge.ts'
import { isDecided, type Visit, wasChargedElsewhere } from './visit.ts'

/**
 * Records on the request that this limiter has charged it, and publishes the answer. Undefined where the store
 * failed: then there is nothing to show.
 */
export function recordAnswer<Req extends IncomingMessage, Res extends ServerResponse>(
  { record }: RequestContext<Req, Res>,
  { policyCharge, answer, otherReceipt }: AnsweredRequest,
  parts: MiddlewareParts<Req, Res>,
): ShownDecision | undefined {
  const { mode, store, unit } = parts.settings
  const decision = answer instanceof RateLimiterError ? undefined : answer
  const visit: Omit<ShownDecision, 'decision'> & Visit = {
    limiter: parts,
    policyCharge,
    decision,
    isEnforced: mode === 'enforce',
    chargesNextTry: false,
    taken: undefined,
    before: undefined,
    retryAfterMs: decision?.allowed === false ? record.retryAfterMs(decision.retryAfterMs) : 0,
    nowMs: parts.now(),
    unit: unitOfClass(unit, policyCharge.policy.class),
    info: undefined,
    otherReceipt,
  }
  // Not before the answer is here: a limiter that let the request pass uncharged decides again when it is met again.
  record.addVisit(visit)
  if (store !== undefined && wasChargedElsewhere(visit)) warnOfDoubleCharge(parts.description, store)
  publishDecision(policyCharge, answer, parts)
  return isDecided(visit) ? visit : undefined
}

/**
 * Keeps the receipts of an allowed charge, prepares its refund, and notes its wait for limiters that the request meets
 * later.
 */
export function followUpAllowed<Req extends IncomingMessage, Res extends ServerResponse>(
  { req, res }: RequestContext<Req, Res>,
  visit: ShownDecision,
  parts: MiddlewareParts<Req, Res>,
): void {
  const { policyCharge, decision, isEnforced, otherReceipt } = visit
  const { keepsReceipts, refund } = parts.settings
  const { receipt } = decision
  if (keepsReceipts && receipt !== undefined && policyCharge.charge.refundable !== false) {
    const receipts = otherReceipt === undefined ? [receipt] : [receipt, otherReceipt]
    const { clientKey, policy, charge } = policyCharge
    const { class: requestClass, plan } = policy
    const taken = { receipts, key: clientKey, class: requestClass, plan, recorded: charge.cost }
    visit.taken = taken
    if (refund !== undefined) refundWhenFinished(req, res, refund, () => refundCharge(taken, parts))
  }
  // A limiter in shadow mode makes nobody wait. Nor does a limiter that gives back what a refused request cost.
  visit.chargesNextTry = isEnforced && refund?.refunds !== 'failed'
}
