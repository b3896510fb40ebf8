import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { decisionChannel } from '../events/channels.ts'
import { type EnforcementMode, outcomeOf } from '../events/outcome.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { PolicyCharge } from './policy-charge.ts'
import type { StoreAnswer } from './request-context.ts'

/** The limiter that publishes. */
export interface DecisionPublisher {
  readonly description: LimiterDescription
  readonly settings: EnforcementMode
}

/** Publishes what became of a charge that the store was asked for. Makes nothing where nobody subscribes. */
export function publishDecision(
  { policy, clientKey, charge }: PolicyCharge,
  answer: StoreAnswer,
  { description, settings }: DecisionPublisher,
): void {
  if (!decisionChannel.hasSubscribers) return
  decisionChannel.publish({
    limiter: description,
    outcome: outcomeOf(answer, settings),
    key: clientKey,
    class: policy.class,
    plan: policy.plan,
    cost: charge.cost,
    decision: answer instanceof RateLimiterError ? undefined : answer,
  })
}

/** Publishes that a client was not charged. */
export function publishUncharged(
  outcome: 'denied' | 'skipped',
  clientKey: string,
  limiter: LimiterDescription,
): void {
  if (!decisionChannel.hasSubscribers) return
  decisionChannel.publish({
    limiter,
    outcome,
    key: clientKey,
    class: undefined,
    plan: undefined,
    cost: 0,
    decision: undefined,
  })
}
