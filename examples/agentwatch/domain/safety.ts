import type { AgentEvent } from './event.ts'
import { DEFAULT_POLICY, RULES, type Rule, type SafetyPolicy, type Violation } from './safety-policy.ts'

/** An event that the policy blocked. */
export interface BlockedEvent {
  readonly eventId: string
  readonly sessionId: string
  readonly type: string
  readonly name: string
  readonly violations: readonly Violation[]
  readonly timestamp: string
  /** The revision of the policy that blocked the event. */
  readonly policyRevision: number
}

/** The current policy, and the events that it has blocked. */
export class Safety {
  readonly #maxBlocked: number
  readonly #blocked: BlockedEvent[] = []
  readonly #violations: Record<Rule, number> = countNone()
  #policy: SafetyPolicy = DEFAULT_POLICY
  #revision = 1
  #changedMs: number
  #blockedCount = 0

  constructor(maxBlocked: number, nowMs: number) {
    this.#maxBlocked = maxBlocked
    this.#changedMs = nowMs
  }

  get policy(): SafetyPolicy {
    return this.#policy
  }

  /** Starts at 1 and grows by 1 with every change of the policy. */
  get revision(): number {
    return this.#revision
  }

  get changedMs(): number {
    return this.#changedMs
  }

  /** All events that were blocked since the start, including those that the list has dropped. */
  get blockedCount(): number {
    return this.#blockedCount
  }

  /** How often each rule was broken since the start. */
  get violations(): Readonly<Record<Rule, number>> {
    return { ...this.#violations }
  }

  replacePolicy(policy: SafetyPolicy, nowMs: number): void {
    this.#policy = policy
    this.#revision += 1
    this.#changedMs = nowMs
  }

  /** The list is not part of the sessions, because a rollback must not remove the evidence. */
  recordBlocked(event: AgentEvent): void {
    this.#blockedCount += 1
    for (const { rule } of event.violations) this.#violations[rule] += 1
    if (this.#blocked.length >= this.#maxBlocked) this.#blocked.shift()
    this.#blocked.push({
      eventId: event.id,
      sessionId: event.sessionId,
      type: event.type,
      name: event.name,
      violations: event.violations,
      timestamp: new Date(event.timeMs).toISOString(),
      policyRevision: this.#revision,
    })
  }

  /** The blocked events, the latest first. */
  blocked(): readonly BlockedEvent[] {
    return this.#blocked.toReversed()
  }
}

function countNone(): Record<Rule, number> {
  return Object.fromEntries(RULES.map((rule) => [rule, 0])) as Record<Rule, number>
}
