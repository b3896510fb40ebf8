import { describe, expect, it } from 'vitest'
import { Safety } from '../../../../examples/agentwatch/domain/safety.ts'
import {
  DEFAULT_POLICY,
  type SafetyPolicy,
  violationsOf,
} from '../../../../examples/agentwatch/domain/safety-policy.ts'
import { newEvent, START_MS, storedEvent } from '../sample-event.ts'

const EMPTY_POLICY: SafetyPolicy = {
  blockedTools: [],
  blockedPatterns: [],
  maxSessionCostUsd: null,
  maxEventTokens: null,
}

describe('violationsOf', () => {
  it('finds no violation of an empty policy', () => {
    const event = newEvent({ name: 'shell.sudo', text: 'rm -rf /', model: 'gpt-4o', inputTokens: 10_000_000 })
    expect(violationsOf(EMPTY_POLICY, event, 1_000_000)).toEqual([])
  })

  it.each([
    { blockedTools: ['shell.sudo'], name: 'shell.sudo', blocked: true },
    { blockedTools: ['shell.sudo'], name: 'shell.sudoku', blocked: false },
    { blockedTools: ['shell.*'], name: 'shell.ls', blocked: true },
    { blockedTools: ['shell.*'], name: 'shell', blocked: false },
    { blockedTools: ['*'], name: 'anything', blocked: true },
    { blockedTools: ['a.c'], name: 'abc', blocked: false },
  ])('checks the tool $name against $blockedTools: blocked $blocked', ({ blockedTools, name, blocked }) => {
    const policy = { ...EMPTY_POLICY, blockedTools }
    const expected = { rule: 'blocked_tool', detail: `The tool ${name} is blocked by '${blockedTools[0]}'.` }
    expect(violationsOf(policy, newEvent({ name }), 0)).toEqual(blocked ? [expected] : [])
    // The rule is for tools only. A thought may have any name.
    expect(violationsOf(policy, newEvent({ type: 'reasoning', name }), 0)).toEqual([])
  })

  it('finds each forbidden text, in upper or lower case', () => {
    const policy = { ...EMPTY_POLICY, blockedPatterns: ['DROP table', 'rm -rf', '.*'] }
    expect(violationsOf(policy, newEvent({ text: 'Drop Table users; RM -RF /' }), 0)).toEqual([
      { rule: 'blocked_pattern', detail: "The text contains 'DROP table'." },
      { rule: 'blocked_pattern', detail: "The text contains 'rm -rf'." },
    ])
  })

  it.each([
    // 100,000 input tokens of gpt-4o cost 0.25 USD
    { spentUsd: 0.75, inputTokens: 100_000, blocked: false },
    { spentUsd: 0.750_001, inputTokens: 100_000, blocked: true },
    { spentUsd: 2, inputTokens: 0, blocked: false },
  ])(
    'applies a maximum of 1 USD to $inputTokens tokens after $spentUsd USD',
    ({ spentUsd, inputTokens, blocked }) => {
      const policy = { ...EMPTY_POLICY, maxSessionCostUsd: 1 }
      const violations = violationsOf(policy, newEvent({ model: 'gpt-4o', inputTokens }), spentUsd)
      const detail = 'The session would cost 1.000001 USD of at most 1.'
      expect(violations).toEqual(blocked ? [{ rule: 'session_cost', detail }] : [])
    },
  )

  it('applies a maximum to the tokens of an event', () => {
    const policy = { ...EMPTY_POLICY, maxEventTokens: 100 }
    expect(violationsOf(policy, newEvent({ inputTokens: 60, outputTokens: 40 }), 0)).toEqual([])
    expect(violationsOf(policy, newEvent({ inputTokens: 60, outputTokens: 41 }), 0)).toEqual([
      { rule: 'event_tokens', detail: 'The event takes 101 tokens of at most 100.' },
    ])
  })
})

describe('Safety', () => {
  it('counts the revisions of the policy, and stores the time of the last change', () => {
    const safety = new Safety(10, START_MS)
    expect([safety.policy, safety.revision, safety.changedMs]).toEqual([DEFAULT_POLICY, 1, START_MS])
    safety.replacePolicy(EMPTY_POLICY, START_MS + 5)
    expect([safety.policy, safety.revision, safety.changedMs]).toEqual([EMPTY_POLICY, 2, START_MS + 5])
  })

  it('lists the latest blocked event first, and drops the oldest one', () => {
    const safety = new Safety(2, START_MS)
    for (const sequence of [1, 2, 3]) {
      const violations = [{ rule: 'blocked_tool', detail: 'The tool is blocked.' } as const]
      safety.recordBlocked(storedEvent({ sequence, status: 'blocked', violations }))
    }
    expect(safety.blocked().map((entry) => entry.eventId)).toEqual(['evt_3', 'evt_2'])
    expect(safety.blockedCount).toBe(3)
    expect(safety.violations).toEqual({
      blocked_tool: 3,
      blocked_pattern: 0,
      session_cost: 0,
      event_tokens: 0,
    })
  })
})
