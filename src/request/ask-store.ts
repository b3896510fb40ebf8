import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { type Decision, tightestOf } from '../limits/decision.ts'
import { refuseAll, refusingLimits } from '../limits/refuse-all.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import type { Charge } from '../stores/store.ts'
import type { PolicyCharge } from './policy-charge.ts'
import type { AnsweredRequest, Counting, StoreAnswer } from './request-context.ts'
import { msUntilRepeat } from './visit.ts'

/**
 * Takes a charge. If a request is charged to two classes, it takes both: one, then the other, and the first is given back
 * when the second refuses. So a header can change the class and never buys units.
 */
export function askStore(counting: Counting, policyCharge: PolicyCharge): MaybePromise<AnsweredRequest> {
  const answer = consumeCharge(counting, policyCharge)
  const { otherClass } = policyCharge
  if (otherClass !== undefined) {
    return chain(answer, (first) => askOtherClass(counting, policyCharge, first, otherClass))
  }
  // A promise is made only where one is waited for.
  if (isPromiseLike(answer)) return chain(answer, (known) => ({ policyCharge, answer: known }))
  return { policyCharge, answer }
}

/** Takes one charge. A limit of 0 refuses it whatever the store answers. */
export function consumeCharge(
  { store, now }: Counting,
  policyCharge: PolicyCharge,
): MaybePromise<StoreAnswer> {
  if (!policyCharge.policy.refusesAll) return store.consume(policyCharge.charge)
  return refuse(policyCharge, now(), (charge) => store.consume(charge))
}

/** What {@link consumeCharge} would answer. */
export function peekCharge({ store, now }: Counting, policyCharge: PolicyCharge): MaybePromise<StoreAnswer> {
  if (!policyCharge.policy.refusesAll) return store.peek(policyCharge.charge)
  return refuse(policyCharge, now(), (charge) => store.peek(charge))
}

/** Refuses a charge. The store is asked only where the limiter bans: it counts the refusal, and knows the ban. */
function refuse(
  { policy: { limits }, charge }: PolicyCharge,
  nowMs: number,
  ask: (charge: Charge) => MaybePromise<StoreAnswer>,
): MaybePromise<StoreAnswer> {
  if (charge.ban === undefined) return refuseAll(limits, nowMs)
  const refused = { ...charge, limits: refusingLimits(limits), cost: 1, refundable: false }
  return chain(ask(refused), (answer) =>
    refuseAll(limits, nowMs, answer instanceof RateLimiterError ? undefined : answer.ban),
  )
}

function askOtherClass(
  counting: Counting,
  policyCharge: PolicyCharge,
  answer: StoreAnswer,
  otherCharge: PolicyCharge,
): MaybePromise<AnsweredRequest> {
  if (answer instanceof RateLimiterError || !answer.allowed) return { policyCharge, answer }
  return chain(consumeCharge(counting, otherCharge), (otherAnswer): AnsweredRequest => {
    if (otherAnswer instanceof RateLimiterError) return { policyCharge: otherCharge, answer: otherAnswer }
    if (otherAnswer.allowed)
      return bothAllowed({ policyCharge, answer }, { policyCharge: otherCharge, answer: otherAnswer })
    if (answer.receipt !== undefined) counting.store.refund(answer.receipt)
    return { policyCharge: otherCharge, answer: otherAnswer }
  })
}

/** A charge that the store allowed. */
export interface AllowedCharge {
  readonly policyCharge: PolicyCharge
  readonly answer: Decision
}

/** Two charges as one: the limits of both, and the class of the tighter one. */
export function bothAllowed(first: AllowedCharge, second: AllowedCharge): AnsweredRequest {
  const limits = [...first.answer.limits, ...second.answer.limits]
  const isFirstTighter = first.answer.limits.includes(tightestOf(limits))
  const { policy, clientKey, charge } = isFirstTighter ? first.policyCharge : second.policyCharge
  const policyLimits = [...first.policyCharge.policy.limits, ...second.policyCharge.policy.limits]
  const waits = [first, second].map(({ policyCharge, answer }) =>
    msUntilRepeat(answer, policyCharge.charge.cost),
  )
  const repeatAfterMs = Math.max(...waits)
  return {
    policyCharge: { policy: { ...policy, limits: policyLimits }, clientKey, charge },
    answer: {
      allowed: true,
      retryAfterMs: 0,
      limits,
      ...(repeatAfterMs === 0 ? undefined : { repeatAfterMs }),
      ...(first.answer.receipt === undefined ? undefined : { receipt: first.answer.receipt }),
    },
    ...(second.answer.receipt === undefined ? undefined : { otherReceipt: second.answer.receipt }),
  }
}
