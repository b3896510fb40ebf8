import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { type Decision, tightestOf } from '../limits/decision.ts'
import { refuseAll, refusingLimits } from '../limits/refuse-all.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import type { Charge } from '../stores/store.ts'
import type { ChargePlan } from './charge-plan.ts'
import type { AnsweredRequest, Counting, StoreAnswer } from './request-context.ts'
import { msUntilRepeat } from './request-state.ts'

/**
 * Takes the charge of a plan. If a request is charged to two classes, it takes both: one, then the other, and the first is given back
 * when the second refuses. So a header can change the class and never buys units.
 */
export function askStore(counting: Counting, plan: ChargePlan): MaybePromise<AnsweredRequest> {
  const answer = consumePlan(counting, plan)
  const { otherClass } = plan
  if (otherClass !== undefined) {
    return chain(answer, (first) => askOtherClass(counting, plan, first, otherClass))
  }
  // A promise is made only where one is waited for.
  if (isPromiseLike(answer)) return chain(answer, (known) => ({ plan, answer: known }))
  return { plan, answer }
}

/** Takes one charge. A limit of 0 refuses it whatever the store answers. */
export function consumePlan({ store, now }: Counting, plan: ChargePlan): MaybePromise<StoreAnswer> {
  if (!plan.policy.refusesAll) return store.consume(plan.charge)
  return refuse(plan, now(), (charge) => store.consume(charge))
}

/** What {@link consumePlan} would answer. */
export function peekPlan({ store, now }: Counting, plan: ChargePlan): MaybePromise<StoreAnswer> {
  if (!plan.policy.refusesAll) return store.peek(plan.charge)
  return refuse(plan, now(), (charge) => store.peek(charge))
}

/** Refuses a charge. The store is asked only where the limiter bans: it counts the refusal, and knows the ban. */
function refuse(
  { policy: { limits }, charge }: ChargePlan,
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
  plan: ChargePlan,
  answer: StoreAnswer,
  otherPlan: ChargePlan,
): MaybePromise<AnsweredRequest> {
  if (answer instanceof RateLimiterError || !answer.allowed) return { plan, answer }
  return chain(consumePlan(counting, otherPlan), (otherAnswer): AnsweredRequest => {
    if (otherAnswer instanceof RateLimiterError) return { plan: otherPlan, answer: otherAnswer }
    if (otherAnswer.allowed) return bothAllowed({ plan, answer }, { plan: otherPlan, answer: otherAnswer })
    if (answer.receipt !== undefined) counting.store.refund(answer.receipt)
    return { plan: otherPlan, answer: otherAnswer }
  })
}

/** A charge that the store allowed. */
export interface AllowedCharge {
  readonly plan: ChargePlan
  readonly answer: Decision
}

/** Two charges as one: the limits of both, and the class of the tighter one. */
export function bothAllowed(first: AllowedCharge, second: AllowedCharge): AnsweredRequest {
  const limits = [...first.answer.limits, ...second.answer.limits]
  const isFirstTighter = first.answer.limits.includes(tightestOf(limits))
  const { policy, clientKey, charge } = isFirstTighter ? first.plan : second.plan
  const policyLimits = [...first.plan.policy.limits, ...second.plan.policy.limits]
  const waits = [first, second].map(({ plan, answer }) => msUntilRepeat(answer, plan.charge.cost))
  const repeatAfterMs = Math.max(...waits)
  return {
    plan: { policy: { ...policy, limits: policyLimits }, clientKey, charge },
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
