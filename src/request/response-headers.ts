import type { ServerResponse } from 'node:http'
import { tightestOf } from '../limits/decision.ts'
import { unitOfClass } from '../limits/quota-unit.ts'
import type { HeaderFormat } from '../response/header-format.ts'
import type { PolicyCharge } from './policy-charge.ts'
import type { ShownDecision } from './request-context.ts'
import type { RequestRecord } from './request-record.ts'

/** Writes what the limits are and where they stand, in every header format that the options ask for. */
export function writeHeaders(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  record: RequestRecord,
  shown: ShownDecision,
): void {
  // A response that has ended has sent its head. To a response whose client is gone headers do no harm.
  if (res.headersSent) return
  const { policyCharge, decision, nowMs, unit } = shown
  for (const format of formats) {
    if (!record.acceptsDialect(format.dialect)) continue
    const tightest = tightestOf(record.visitShownIn(format.name, shown).decision.limits)
    format.writePolicy(res, policyCharge.policy.limits, unit, nowMs)
    format.writeState(res, { states: decision.limits, tightest, nowMs })
  }
}

/** Writes only what the limits are: while the store fails nobody knows where they stand. */
export function writePolicies(
  res: ServerResponse,
  formats: readonly HeaderFormat[],
  record: RequestRecord,
  { policy }: PolicyCharge,
  limiterUnit: string,
  nowMs: number,
): void {
  if (res.headersSent) return
  const unit = unitOfClass(limiterUnit, policy.class)
  for (const format of formats) {
    if (record.acceptsDialect(format.dialect)) format.writePolicy(res, policy.limits, unit, nowMs)
  }
}
