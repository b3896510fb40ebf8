import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { chain, type MaybePromise } from '../../maybe-promise.ts'
import { bothAllowed, consumeCharge } from '../../request/ask-store.ts'
import type { PolicyCharge } from '../../request/policy-charge.ts'
import type { AnsweredRequest } from '../../request/request-context.ts'
import type { Lease } from '../../stores/leases/lease.ts'
import type { ResilientStore } from '../../stores/resilience/resilient-store.ts'

/** Takes a place in the class of a charge; with a method override that changes the class one in each class, or none. */
export function takePlaces(store: ResilientStore, policyCharge: PolicyCharge): MaybePromise<AnsweredRequest> {
  return chain(consumeCharge(store, policyCharge), (answer): MaybePromise<AnsweredRequest> => {
    const { otherClass } = policyCharge
    if (answer instanceof RateLimiterError || !answer.allowed || otherClass === undefined) {
      return { policyCharge, answer }
    }
    return chain(takePlaces(store, otherClass), (other) => {
      if (!(other.answer instanceof RateLimiterError) && other.answer.allowed) {
        return bothAllowed({ policyCharge, answer }, { policyCharge: otherClass, answer: other.answer })
      }
      for (const lease of leasesOf({ policyCharge, answer })) lease.release()
      return other
    })
  })
}

/** Whether the answer is a refusal that ends when a request ends. A limit of 0 has no place to wait for. */
export function isRefused({ answer, policyCharge }: AnsweredRequest): boolean {
  return !(answer instanceof RateLimiterError) && !answer.allowed && !policyCharge.policy.refusesAll
}

/** The places that a request has got. */
export function leasesOf({ answer, otherReceipt }: AnsweredRequest): readonly Lease[] {
  const receipts = [answer instanceof RateLimiterError ? undefined : answer.receipt, otherReceipt]
  return receipts.filter((receipt) => receipt !== undefined) as Lease[]
}
