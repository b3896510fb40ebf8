import { describe, expect, it } from 'vitest'
import { reasoningOf } from '../../../../examples/agentwatch/domain/reasoning.ts'
import { timelineOf } from '../../../../examples/agentwatch/domain/timeline.ts'
import { type Span, traceOf } from '../../../../examples/agentwatch/domain/trace.ts'
import { keptEvent, START_MS } from '../sample-event.ts'

const outline = (spans: readonly Span[]): unknown[] =>
  spans.map(({ id, depth, children }) =>
    children.length === 0 ? [id, depth] : [id, depth, outline(children)],
  )

describe('traceOf', () => {
  it('puts children below their parents, each level in order of time', () => {
    const trace = traceOf([
      keptEvent({ sequence: 1, timeMs: START_MS + 100 }),
      keptEvent({ sequence: 2, timeMs: START_MS + 400, parentId: 'evt_1' }),
      keptEvent({ sequence: 3, timeMs: START_MS + 200, parentId: 'evt_1', durationMs: 900 }),
      keptEvent({ sequence: 4, timeMs: START_MS + 500, parentId: 'evt_2' }),
      // Arrived last, happened first: the agent sends it late.
      keptEvent({ sequence: 5, timeMs: START_MS }),
    ])
    expect(outline(trace.spans)).toEqual([
      ['evt_5', 1],
      [
        'evt_1',
        1,
        [
          ['evt_3', 2],
          ['evt_2', 2, [['evt_4', 3]]],
        ],
      ],
    ])
    expect(trace).toMatchObject({ count: 5, depth: 3, durationMs: 1100 })
    expect(trace.spans[1]).toMatchObject({ startOffsetMs: 100 })
  })

  it('bears a chain of a thousand events', () => {
    const chain = Array.from({ length: 1000 }, (_, index) =>
      keptEvent({ sequence: index + 1, parentId: index === 0 ? null : `evt_${index}` }),
    )
    const trace = traceOf(chain)
    expect(trace).toMatchObject({ count: 1000, depth: 1000 })
    expect(trace.spans).toHaveLength(1)
  })

  it('is empty for no events', () => {
    expect(traceOf([])).toEqual({ spans: [], count: 0, depth: 0, durationMs: 0 })
  })
})

describe('reasoningOf', () => {
  it('numbers thoughts and decisions and says what they led to', () => {
    const steps = reasoningOf([
      keptEvent({ sequence: 1, type: 'reasoning', name: 'plan', text: 'Look it up.', confidence: 0.8 }),
      keptEvent({ sequence: 2, name: 'search.web', parentId: 'evt_1', status: 'error' }),
      keptEvent({ sequence: 3, type: 'decision', name: 'give up', timeMs: START_MS + 1000 }),
    ])
    expect(steps).toEqual([
      {
        step: 1,
        eventId: 'evt_1',
        kind: 'reasoning',
        name: 'plan',
        text: 'Look it up.',
        confidence: 0.8,
        timestamp: '2026-01-31T12:00:00.000Z',
        ledTo: [{ eventId: 'evt_2', name: 'search.web', status: 'error' }],
      },
      {
        step: 2,
        eventId: 'evt_3',
        kind: 'decision',
        name: 'give up',
        text: '',
        confidence: null,
        timestamp: '2026-01-31T12:00:01.000Z',
        ledTo: [],
      },
    ])
  })
})

describe('timelineOf', () => {
  const events = [
    keptEvent({ sequence: 1, timeMs: START_MS + 3000 }),
    keptEvent({ sequence: 2, timeMs: START_MS }),
    keptEvent({ sequence: 3, timeMs: START_MS + 3000 }),
  ]

  it.each([
    { speed: 1, offsets: [0, 3000, 3000] },
    { speed: 2, offsets: [0, 1500, 1500] },
    { speed: 0.5, offsets: [0, 6000, 6000] },
  ])('says when each event is due at speed $speed', ({ speed, offsets }) => {
    const { frames, durationMs } = timelineOf(events, speed)
    expect(frames.map((frame) => frame.offsetMs)).toEqual(offsets)
    expect(frames.map((frame) => frame.event.sequence)).toEqual([2, 1, 3])
    expect(durationMs).toBe(offsets[2])
  })
})
