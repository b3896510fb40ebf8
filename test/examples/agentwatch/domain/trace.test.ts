import { describe, expect, it } from 'vitest'
import { reasoningOf } from '../../../../examples/agentwatch/domain/reasoning.ts'
import { timelineOf } from '../../../../examples/agentwatch/domain/timeline.ts'
import { type Span, traceOf } from '../../../../examples/agentwatch/domain/trace.ts'
import { START_MS, storedEvent } from '../sample-event.ts'

const outline = (spans: readonly Span[]): unknown[] =>
  spans.map(({ id, depth, children }) =>
    children.length === 0 ? [id, depth] : [id, depth, outline(children)],
  )

describe('traceOf', () => {
  it('puts children below their parents, each level in order of time', () => {
    const trace = traceOf([
      storedEvent({ sequence: 1, timeMs: START_MS + 100 }),
      storedEvent({ sequence: 2, timeMs: START_MS + 400, parentId: 'evt_1' }),
      storedEvent({ sequence: 3, timeMs: START_MS + 200, parentId: 'evt_1', durationMs: 900 }),
      storedEvent({ sequence: 4, timeMs: START_MS + 500, parentId: 'evt_2' }),
      // The agent sends the first event last.
      storedEvent({ sequence: 5, timeMs: START_MS }),
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

  it('handles a chain of a thousand events', () => {
    const chain = Array.from({ length: 1000 }, (_, index) =>
      storedEvent({ sequence: index + 1, parentId: index === 0 ? null : `evt_${index}` }),
    )
    const trace = traceOf(chain)
    expect(trace).toMatchObject({ count: 1000, depth: 1000 })
    expect(trace.spans).toHaveLength(1)
  })

  it('is empty without events', () => {
    expect(traceOf([])).toEqual({ spans: [], count: 0, depth: 0, durationMs: 0 })
  })
})

describe('reasoningOf', () => {
  it('numbers thoughts and decisions, with the events that they caused', () => {
    const steps = reasoningOf([
      storedEvent({ sequence: 1, type: 'reasoning', name: 'plan', text: 'Look it up.', confidence: 0.8 }),
      storedEvent({ sequence: 2, name: 'search.web', parentId: 'evt_1', status: 'error' }),
      storedEvent({ sequence: 3, type: 'decision', name: 'give up', timeMs: START_MS + 1000 }),
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
    storedEvent({ sequence: 1, timeMs: START_MS + 3000 }),
    storedEvent({ sequence: 2, timeMs: START_MS }),
    storedEvent({ sequence: 3, timeMs: START_MS + 3000 }),
  ]

  it.each([
    { speed: 1, offsets: [0, 3000, 3000] },
    { speed: 2, offsets: [0, 1500, 1500] },
    { speed: 0.5, offsets: [0, 6000, 6000] },
  ])('gives the time at which to show each event at speed $speed', ({ speed, offsets }) => {
    const { frames, durationMs } = timelineOf(events, speed)
    expect(frames.map((frame) => frame.offsetMs)).toEqual(offsets)
    expect(frames.map((frame) => frame.event.sequence)).toEqual([2, 1, 3])
    expect(durationMs).toBe(offsets[2])
  })
})
