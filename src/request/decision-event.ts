import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { DecisionEvent } from '../events/channels.ts'
import { type EnforcementMode, outcomeOf } from '../events/outcome.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { ChargePlan } from './charge-plan.ts'

/** The limiter that an event is of. */
export interface EventSource {
  readonly description: LimiterDescription
  readonly settings: EnforcementMode
}

/** What there is to publish of a charge that the store was asked for. */
export function decisionEvent(
  { policy, clientKey, charge }: ChargePlan,
  answer: Decision | RateLimiterError,
  { description, settings }: EventSource,
): DecisionEvent {
  return {
    limiter: description,
    outcome: outcomeOf(answer, settings),
    key: clientKey,
    class: policy.class,
    cost: charge.cost,
    decision: answer instanceof RateLimiterError ? undefined : answer,
  }
}
