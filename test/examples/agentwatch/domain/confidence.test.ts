import { describe, expect, it } from 'vitest'
import { confidenceOf } from '../../../../examples/agentwatch/domain/confidence.ts'
import type { AgentEvent } from '../../../../examples/agentwatch/domain/event.ts'
import { storedEvent } from '../sample-event.ts'

const steps = (count: number, parts: Partial<AgentEvent> = {}): AgentEvent[] =>
  Array.from({ length: count }, (_, index) => storedEvent({ sequence: index + 1, ...parts }))

describe('confidenceOf', () => {
  it.each([
    // ok, error, blocked -> (ok + 1) / (ok + error + 2 x blocked + 2)
    { ok: 0, error: 0, blocked: 0, score: 0.5, level: 'medium' },
    { ok: 1, error: 0, blocked: 0, score: 0.667, level: 'medium' },
    { ok: 8, error: 0, blocked: 0, score: 0.9, level: 'high' },
    { ok: 3, error: 3, blocked: 0, score: 0.5, level: 'medium' },
    { ok: 3, error: 0, blocked: 3, score: 0.364, level: 'low' },
    { ok: 0, error: 2, blocked: 0, score: 0.25, level: 'low' },
  ])(
    'gives $score for $ok successful, $error failed and $blocked blocked steps',
    ({ ok, error, blocked, score, level }) => {
      const events = [
        ...steps(ok),
        ...steps(error, { status: 'error' }),
        ...steps(blocked, { status: 'blocked' }),
      ]
      const confidence = confidenceOf(events)
      expect(confidence).toMatchObject({ score, level, outcomeScore: score, reportedScore: null })
      expect(confidence.steps).toBe(ok + error + blocked)
    },
  )

  it('counts actions, not thoughts and checkpoints', () => {
    const thoughts = [
      storedEvent({ type: 'reasoning' }),
      storedEvent({ type: 'checkpoint', status: 'error' }),
    ]
    expect(confidenceOf(thoughts).steps).toBe(0)
  })

  it('counts an event of type error as a failure, with any outcome', () => {
    const confidence = confidenceOf(steps(1, { type: 'error' }))
    expect(confidence.byType).toEqual({ error: { ok: 0, error: 1, blocked: 0 } })
    expect(confidence.score).toBe(0.333)
  })

  it("gives the agent's own rating a weight of three tenths", () => {
    const events = [...steps(8), storedEvent({ type: 'reasoning', confidence: 0.4 })]
    expect(confidenceOf(events)).toMatchObject({ outcomeScore: 0.9, reportedScore: 0.4, score: 0.75 })
  })

  it('compares the last ten steps with the steps before', () => {
    expect(confidenceOf(steps(10)).trend).toBeNull()
    const worse = [...steps(10), ...steps(10, { status: 'error' })]
    // 11 / 12 for the steps before, 1 / 12 for the last ten
    expect(confidenceOf(worse).trend).toBe(-0.833)
    expect(confidenceOf(worse.toReversed()).trend).toBe(0.833)
  })
})
