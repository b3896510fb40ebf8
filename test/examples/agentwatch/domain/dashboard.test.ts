import { describe, expect, it } from 'vitest'
import { complianceReport } from '../../../../examples/agentwatch/domain/compliance.ts'
import { summaryOf, topOf } from '../../../../examples/agentwatch/domain/dashboard.ts'
import { seedDemo } from '../../../../examples/agentwatch/domain/demo.ts'
import { ingest, startSession } from '../../../../examples/agentwatch/domain/ingest.ts'
import { createWatch, type Watch } from '../../../../examples/agentwatch/domain/watch.ts'
import { newEvent, START_MS } from '../sample-event.ts'

const modelCall = newEvent({ type: 'llm_call', name: 'think', model: 'gpt-4o', inputTokens: 100_000 })

function watchWithTwoSessions(): { watch: Watch; first: string; second: string } {
  const watch = createWatch({ now: () => START_MS })
  const first = startSession(watch, { agent: 'one', goal: '', tenantId: null })
  const second = startSession(watch, { agent: 'two', goal: '', tenantId: null })
  ingest(watch, first, [modelCall, modelCall, newEvent({ name: 'search.web' })])
  ingest(watch, second, [modelCall, newEvent({ name: 'payments.refund' }), newEvent({ outcome: 'error' })])
  watch.sessions.setStatus(second.id, 'failed', START_MS)
  return { watch, first: first.id, second: second.id }
}

describe('summaryOf', () => {
  it('adds up all sessions', () => {
    expect(summaryOf(watchWithTwoSessions().watch)).toEqual({
      sessions: { running: 1, completed: 0, failed: 1 },
      agents: 2,
      events: 6,
      eventsByType: { llm_call: 3, tool_call: 3 },
      tokens: 300_000,
      costUsd: 0.75,
      errorRate: 0.333,
      // 4 / 5 and 2 / (1 + 1 + 2 + 2)
      meanConfidence: 0.567,
      blockedEvents: 1,
    })
  })

  it('is 0 without sessions', () => {
    const summary = summaryOf(createWatch({ now: () => START_MS }))
    expect(summary).toMatchObject({ events: 0, errorRate: 0, meanConfidence: null, eventsByType: {} })
  })
})

describe('topOf', () => {
  it('ranks sessions, agents and tools by a measure', () => {
    const { watch, first, second } = watchWithTwoSessions()
    expect(topOf(watch, 'cost', 5)).toEqual({
      by: 'cost',
      sessions: [
        { name: first, value: 0.5 },
        { name: second, value: 0.25 },
      ],
      agents: [
        { name: 'one', value: 0.5 },
        { name: 'two', value: 0.25 },
      ],
      tools: [],
    })
    expect(topOf(watch, 'errors', 5).agents).toEqual([{ name: 'two', value: 2 }])
    expect(topOf(watch, 'tokens', 1).sessions).toEqual([{ name: first, value: 200_000 }])
    expect(topOf(watch, 'events', 5).tools).toEqual([
      { name: 'search.web', value: 2 },
      { name: 'payments.refund', value: 1 },
    ])
  })
})

describe('complianceReport', () => {
  it('checks each control against the stored sessions and tenants', () => {
    const { watch, second } = watchWithTwoSessions()
    watch.tenants.create({ name: 'Acme', plan: 'free', budgetUsd: 0 }, START_MS)
    const report = complianceReport(watch, true)
    expect(report).toMatchObject({
      compliant: false,
      policyRevision: 1,
      sessions: 2,
      events: 6,
      violations: { blocked_tool: 1, blocked_pattern: 0, session_cost: 0, event_tokens: 0 },
      sessionsWithViolations: [second],
      generatedAt: '2026-01-31T12:00:00.000Z',
    })
    expect(report.controls).toEqual([
      { control: 'Callers bring an API key', passed: true, evidence: 'AGENTWATCH_API_KEY is set.' },
      {
        control: 'No session did what the policy forbids',
        passed: false,
        evidence: '1 of 2 sessions hold blocked events.',
      },
      {
        control: 'Every session stays below its cost ceiling',
        passed: true,
        evidence: '0 of 2 sessions cost more than 5 USD.',
      },
      {
        control: 'Every tenant stays within its budget',
        passed: true,
        evidence: '0 of 1 tenants are over budget.',
      },
    ])
  })

  it('finds sessions above a maximum that was lowered later, and tenants above their budget', () => {
    const { watch } = watchWithTwoSessions()
    watch.safety.replacePolicy({ ...watch.safety.policy, maxSessionCostUsd: 0.4 }, START_MS)
    const tenant = watch.tenants.create({ name: 'Acme', plan: 'free', budgetUsd: 0.2 }, START_MS)
    ingest(watch, startSession(watch, { agent: 'three', goal: '', tenantId: tenant.id }), [modelCall])
    const { controls } = complianceReport(watch, false)
    expect(controls.map(({ passed, evidence }) => [passed, evidence])).toEqual([
      [false, 'AGENTWATCH_API_KEY is not set.'],
      [false, '1 of 3 sessions hold blocked events.'],
      [false, '1 of 3 sessions cost more than 0.4 USD.'],
      [false, '1 of 1 tenants are over budget.'],
    ])
  })

  it('is compliant without sessions, but not if the policy has no maximum cost', () => {
    const watch = createWatch({ now: () => START_MS })
    expect(complianceReport(watch, true).compliant).toBe(true)
    watch.safety.replacePolicy({ ...watch.safety.policy, maxSessionCostUsd: null }, START_MS)
    expect(complianceReport(watch, true)).toMatchObject({ compliant: false, policyRevision: 2 })
  })
})

describe('seedDemo', () => {
  it('invents the same sessions for the same seed', () => {
    const sessionsOf = (seed: number): unknown =>
      seedDemo(createWatch({ now: () => START_MS }), { sessions: 5, seed }).map(
        ({ agent, goal, status, events }) => ({
          agent,
          goal,
          status,
          events: events.map(({ type, name, status, timeMs, inputTokens }) => [
            type,
            name,
            status,
            timeMs,
            inputTokens,
          ]),
        }),
      )
    expect(sessionsOf(7)).toEqual(sessionsOf(7))
    expect(sessionsOf(7)).not.toEqual(sessionsOf(8))
  })

  it('invents sessions with costs, thoughts, checkpoints and blocked events', () => {
    const watch = createWatch({ now: () => START_MS })
    const sessions = seedDemo(watch, { sessions: 20, seed: 1 })
    expect(sessions).toHaveLength(20)
    const summary = summaryOf(watch)
    expect(summary.costUsd).toBeGreaterThan(0)
    expect(summary.blockedEvents).toBeGreaterThan(0)
    expect(summary.eventsByType.checkpoint).toBeGreaterThan(20)
    expect(summary.sessions.completed).toBeGreaterThan(0)
    expect(sessions.every((session) => session.events.every((event) => event.timeMs < START_MS))).toBe(true)
  })
})
