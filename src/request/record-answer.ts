import type { IncomingMessage, ServerResponse } from 'node:http'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { unitOfClass } from '../limits/quota-unit.ts'
import { publishDecision } from './decision-events.ts'
import { warnOfDoubleCharge } from './double-charge-warning.ts'
import { refundWhenFinished } from './refund-on-response.ts'
import type { AnsweredRequest, MiddlewareParts, RequestContext, ShownDecision } from './request-context.ts'
import { refundCharge } from './taken-charge.ts'

/**
 * Records on the request that this limiter has charged it, and publishes the answer. Undefined where the store
 * failed: then there is nothing to show.
 */
export function recordAnswer<Req extends IncomingMessage, Res extends ServerResponse>(
  { record: { state } }: RequestContext<Req, Res>,
  { policyCharge, answer, otherReceipt }: AnsweredRequest,
  parts: MiddlewareParts<Req, Res>,
): ShownDecision | undefined {
  // Not before the answer is here: a limiter that let the request pass uncharged decides again when it is met again.
  const { store } = parts.settings
  const isSecondCharge = state.markCharged(parts.id, policyCharge.charge, store)
  if (isSecondCharge && store !== undefined) warnOfDoubleCharge(parts.description, store)
  publishDecision(policyCharge, answer, parts)
  if (answer instanceof RateLimiterError) return undefined
  return {
    policyCharge,
    decision: answer,
    retryAfterMs: answer.allowed ? 0 : state.retryAfterMs(answer.retryAfterMs),
    nowMs: parts.now(),
    isEnforced: parts.settings.mode === 'enforce',
    unit: unitOfClass(parts.settings.unit, policyCharge.policy.class),
    otherReceipt,
  }
}

/**
 * Keeps the receipts of an allowed charge, prepares its refund, and notes its wait for limiters that the request meets
 * later.
 */
export function followUpAllowed<Req extends IncomingMessage, Res extends ServerResponse>(
  { req, res, record: { state } }: RequestContext<Req, Res>,
  { policyCharge, decision, isEnforced, otherReceipt }: ShownDecision,
  parts: MiddlewareParts<Req, Res>,
): void {
  const { keepsReceipts, refund } = parts.settings
  const { receipt } = decision
  if (keepsReceipts && receipt !== undefined && policyCharge.charge.refundable !== false) {
    const receipts = otherReceipt === undefined ? [receipt] : [receipt, otherReceipt]
    const { clientKey, policy, charge } = policyCharge
    const { class: requestClass, plan } = policy
    const taken = { receipts, key: clientKey, class: requestClass, plan, recorded: charge.cost }
    state.addTaken(parts.id, taken)
    if (refund !== undefined) refundWhenFinished(req, res, refund, () => refundCharge(taken, parts))
  }
  // A limiter in shadow mode makes nobody wait. Nor does a limiter that gives back what a refused request cost.
  if (isEnforced && refund?.refunds !== 'failed') {
    state.addAllowed({ decision, cost: policyCharge.charge.cost })
  }
}
