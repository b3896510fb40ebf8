import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { chain, type MaybePromise } from '../../maybe-promise.ts'
import { bothAllowed, consumePlan } from '../../request/ask-store.ts'
import type { ChargePlan } from '../../request/charge-plan.ts'
import type { AnsweredRequest, Counting } from '../../request/request-context.ts'
import type { Lease } from '../../stores/leases/lease.ts'

/** Takes a place in the class of a plan; with a method override that changes the class one in each class, or none. */
export function takePlaces(counting: Counting, plan: ChargePlan): MaybePromise<AnsweredRequest> {
  return chain(consumePlan(counting, plan), (answer): MaybePromise<AnsweredRequest> => {
    const { otherClass } = plan
    if (answer instanceof RateLimiterError || !answer.allowed || otherClass === undefined) {
      return { plan, answer }
    }
    return chain(takePlaces(counting, otherClass), (other) => {
      if (!(other.answer instanceof RateLimiterError) && other.answer.allowed) {
        return bothAllowed({ plan, answer }, { plan: otherClass, answer: other.answer })
      }
      for (const lease of leasesOf({ plan, answer })) lease.release()
      return other
    })
  })
}

/** Whether the answer is a refusal that ends when a request ends. A limit of 0 has no place to wait for. */
export function isRefused({ answer, plan }: AnsweredRequest): boolean {
  return !(answer instanceof RateLimiterError) && !answer.allowed && !plan.policy.refusesAll
}

/** The places that a request has got. */
export function leasesOf({ answer, otherReceipt }: AnsweredRequest): readonly Lease[] {
  const receipts = [answer instanceof RateLimiterError ? undefined : answer.receipt, otherReceipt]
  return receipts.filter((receipt) => receipt !== undefined) as Lease[]
}
