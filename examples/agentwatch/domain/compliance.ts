import { totalUsdOf } from './cost.ts'
import type { AgentEvent } from './event.ts'
import { roundUsd } from './pricing.ts'
import type { Rule, SafetyPolicy } from './safety-policy.ts'
import { usageOf } from './usage.ts'
import type { Watch } from './watch.ts'

/** One requirement, whether it is met, and the evidence. */
export interface Control {
  readonly control: string
  readonly passed: boolean
  readonly evidence: string
}

/** Whether the agents comply with the policy. It is computed for each request. */
export interface ComplianceReport {
  readonly generatedAt: string
  readonly policy: SafetyPolicy
  readonly policyRevision: number
  readonly policyChangedAt: string
  readonly compliant: boolean
  readonly controls: readonly Control[]
  readonly sessions: number
  readonly events: number
  /** Since the start. Violations in sessions that were rolled back or pruned are included. */
  readonly violations: Readonly<Record<Rule, number>>
  readonly sessionsWithViolations: readonly string[]
}

/** @param apiKeyRequired whether callers need a key; the events do not show it */
export function complianceReport(watch: Watch, apiKeyRequired: boolean): ComplianceReport {
  const sessions = watch.sessions.list()
  const controls = [
    keyControl(apiKeyRequired),
    blockedControl(watch),
    ceilingControl(watch),
    budgetControl(watch),
  ]
  return {
    generatedAt: new Date(watch.now()).toISOString(),
    policy: watch.safety.policy,
    policyRevision: watch.safety.revision,
    policyChangedAt: new Date(watch.safety.changedMs).toISOString(),
    compliant: controls.every((control) => control.passed),
    controls,
    sessions: sessions.length,
    events: watch.sessions.eventCount,
    violations: watch.safety.violations,
    sessionsWithViolations: sessions
      .filter((session) => session.events.some(isBlocked))
      .map((session) => session.id),
  }
}

function keyControl(apiKeyRequired: boolean): Control {
  return {
    control: 'Callers bring an API key',
    passed: apiKeyRequired,
    evidence: apiKeyRequired ? 'AGENTWATCH_API_KEY is set.' : 'AGENTWATCH_API_KEY is not set.',
  }
}

function blockedControl(watch: Watch): Control {
  const sessions = watch.sessions.list().filter((session) => session.events.some(isBlocked)).length
  return {
    control: 'No session did what the policy forbids',
    passed: sessions === 0,
    evidence: `${sessions} of ${watch.sessions.size} sessions hold blocked events.`,
  }
}

function ceilingControl({ sessions, safety }: Watch): Control {
  const ceilingUsd = safety.policy.maxSessionCostUsd
  const over = sessions.list().filter(({ events }) => roundUsd(totalUsdOf(events)) > (ceilingUsd ?? Infinity))
  return {
    control: 'Every session stays below its cost ceiling',
    passed: ceilingUsd !== null && over.length === 0,
    evidence:
      ceilingUsd === null
        ? 'The policy sets no ceiling.'
        : `${over.length} of ${sessions.size} sessions cost more than ${ceilingUsd} USD.`,
  }
}

function budgetControl(watch: Watch): Control {
  const tenants = watch.tenants.list()
  const over = tenants.filter((tenant) => (usageOf(watch, tenant).remainingUsd ?? 0) < 0)
  return {
    control: 'Every tenant stays within its budget',
    passed: over.length === 0,
    evidence: `${over.length} of ${tenants.length} tenants are over budget.`,
  }
}

function isBlocked(event: AgentEvent): boolean {
  return event.status === 'blocked'
}
