import { tokensOf } from './cost.ts'
import type { NewEvent } from './event.ts'
import { costUsdOf, roundUsd } from './pricing.ts'

/** The rules for agents. */
export interface SafetyPolicy {
  /** Names of tools; `shell.*` is every tool that begins with `shell.`. */
  readonly blockedTools: readonly string[]
  /** Forbidden texts, in upper or lower case. Not regular expressions, because those could take minutes. */
  readonly blockedPatterns: readonly string[]
  /** US dollars that one session may cost, or null for no maximum. */
  readonly maxSessionCostUsd: number | null
  /** Tokens that one event may use, or null for no maximum. */
  readonly maxEventTokens: number | null
}

export type Rule = 'blocked_tool' | 'blocked_pattern' | 'session_cost' | 'event_tokens'

/** Every rule of a policy. */
export const RULES: readonly Rule[] = ['blocked_tool', 'blocked_pattern', 'session_cost', 'event_tokens']

/** A broken rule. */
export interface Violation {
  readonly rule: Rule
  readonly detail: string
}

/** The policy until it is replaced. */
export const DEFAULT_POLICY: SafetyPolicy = {
  blockedTools: ['shell.sudo', 'payments.*'],
  blockedPatterns: ['rm -rf /', 'drop table', 'ignore previous instructions'],
  maxSessionCostUsd: 5,
  maxEventTokens: 200_000,
}

/** The rules that an event breaks in a session that has cost `spentUsd` before it. */
export function violationsOf(policy: SafetyPolicy, event: NewEvent, spentUsd: number): readonly Violation[] {
  return [
    ...toolViolations(policy, event),
    ...patternViolations(policy, event),
    ...costViolations(policy, event, spentUsd),
    ...tokenViolations(policy, event),
  ]
}

function toolViolations({ blockedTools }: SafetyPolicy, event: NewEvent): readonly Violation[] {
  if (event.type !== 'tool_call') return []
  const rule = blockedTools.find((tool) =>
    tool.endsWith('*') ? event.name.startsWith(tool.slice(0, -1)) : event.name === tool,
  )
  return rule === undefined
    ? []
    : [{ rule: 'blocked_tool', detail: `The tool ${event.name} is blocked by '${rule}'.` }]
}

function patternViolations({ blockedPatterns }: SafetyPolicy, event: NewEvent): readonly Violation[] {
  const text = event.text.toLowerCase()
  const found = blockedPatterns.filter((pattern) => text.includes(pattern.toLowerCase()))
  return found.map((pattern) => ({ rule: 'blocked_pattern', detail: `The text contains '${pattern}'.` }))
}

function costViolations(policy: SafetyPolicy, event: NewEvent, spentUsd: number): readonly Violation[] {
  const ceilingUsd = policy.maxSessionCostUsd
  const costUsd = costUsdOf(event)
  // An event without a cost cannot break the maximum.
  if (ceilingUsd === null || costUsd === 0 || roundUsd(spentUsd + costUsd) <= ceilingUsd) return []
  const total = roundUsd(spentUsd + costUsd)
  return [{ rule: 'session_cost', detail: `The session would cost ${total} USD of at most ${ceilingUsd}.` }]
}

function tokenViolations({ maxEventTokens }: SafetyPolicy, event: NewEvent): readonly Violation[] {
  const tokens = tokensOf([event])
  if (maxEventTokens === null || tokens <= maxEventTokens) return []
  return [{ rule: 'event_tokens', detail: `The event takes ${tokens} tokens of at most ${maxEventTokens}.` }]
}
