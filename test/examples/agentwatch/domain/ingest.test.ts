import { describe, expect, it } from 'vitest'
import { checkpointsOf } from '../../../../examples/agentwatch/domain/checkpoints.ts'
import type { News } from '../../../../examples/agentwatch/domain/feed.ts'
import { ingest, rollBack, startSession } from '../../../../examples/agentwatch/domain/ingest.ts'
import { simulate } from '../../../../examples/agentwatch/domain/simulation.ts'
import { createWatch, type Watch } from '../../../../examples/agentwatch/domain/watch.ts'
import { newEvent, START_MS } from '../sample-event.ts'

const watchAt = (): Watch => createWatch({ now: () => START_MS })
const parts = { agent: 'bot', goal: '', tenantId: null }
const thought = newEvent({ type: 'llm_call', name: 'think', model: 'gpt-4o', inputTokens: 100_000 })

describe('ingest', () => {
  it('numbers events in order of arrival, counts them and tells the news', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    const news: News[] = []
    watch.feed.subscribe((item) => news.push(item))
    const taken = ingest(watch, session, [newEvent(), thought])
    expect(taken.map((event) => event.sequence)).toEqual([1, 2])
    expect(news.map((item) => item.kind === 'event' && item.event)).toEqual(taken)
    expect(watch.totals).toMatchObject({ sessions: 1, events: { tool_call: 1, llm_call: 1, error: 0 } })
  })

  it('keeps what the policy forbids, marked and listed', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    const [taken] = ingest(watch, session, [newEvent({ name: 'payments.refund' })])
    expect(taken).toMatchObject({ status: 'blocked', outcome: 'ok' })
    expect(watch.safety.blocked()[0]).toMatchObject({ eventId: taken?.id, name: 'payments.refund' })
    expect(session.events).toHaveLength(1)
  })

  it('blocks the event that breaks the ceiling of the session, not those before it', () => {
    const watch = watchAt()
    watch.safety.replacePolicy({ ...watch.safety.policy, maxSessionCostUsd: 0.5 }, START_MS)
    const session = startSession(watch, parts)
    // 0.25 USD each
    const statuses = ingest(watch, session, [thought, thought, thought, newEvent()]).map(
      (event) => event.status,
    )
    expect(statuses).toEqual(['ok', 'ok', 'blocked', 'ok'])
  })

  it('takes all or none', () => {
    const watch = createWatch({ bounds: { maxEventsPerSession: 2 }, now: () => START_MS })
    const session = startSession(watch, parts)
    expect(() => ingest(watch, session, [newEvent(), newEvent(), newEvent()])).toThrow('holds 0 of at most 2')
    expect(() => ingest(watch, session, [newEvent(), newEvent({ parentId: 'evt_x' })])).toThrow(
      `parentId names no event of session ${session.id}, got "evt_x".`,
    )
    expect(session.events).toHaveLength(0)
  })

  it('knows a parent only within the session', () => {
    const watch = watchAt()
    const [one, other] = [startSession(watch, parts), startSession(watch, parts)]
    const parentId = ingest(watch, one, [newEvent()])[0]?.id ?? ''
    expect(() => ingest(watch, other, [newEvent({ parentId })])).toThrow('parentId names no event')
    expect(ingest(watch, one, [newEvent({ parentId })])[0]?.parentId).toBe(parentId)
  })
})

describe('rollBack', () => {
  it('drops what came after the checkpoint, and reopens the session', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    const mark = newEvent({ type: 'checkpoint', name: 'half way' })
    ingest(watch, session, [newEvent(), mark, newEvent({ name: 'payments.refund' }), mark, newEvent()])
    watch.sessions.setStatus(session.id, 'failed', START_MS)
    const checkpoints = checkpointsOf(session)
    expect(checkpoints).toMatchObject([
      { label: 'half way', eventsUpTo: 2, eventsAfter: 3 },
      { label: 'half way', eventsUpTo: 4, eventsAfter: 1 },
    ])
    const news: News[] = []
    watch.feed.subscribe((item) => news.push(item))
    const checkpointId = checkpoints[0]?.id ?? ''
    expect(rollBack(watch, session, checkpointId)).toEqual({ kept: 2, dropped: 3 })
    expect(news).toEqual([{ kind: 'rollback', session, checkpointId, dropped: 3 }])
    expect(session.status).toBe('running')
    expect(session.events.map((event) => event.type)).toEqual(['tool_call', 'checkpoint'])
    expect(watch.sessions.eventCount).toBe(2)
    // The evidence stays.
    expect(watch.safety.blocked()).toHaveLength(1)
    expect(ingest(watch, session, [newEvent()])[0]?.sequence).toBe(3)
  })

  it('knows only checkpoints of the session', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    const [event] = ingest(watch, session, [newEvent()])
    expect(() => rollBack(watch, session, event?.id ?? '')).toThrow(
      `No checkpoint of this session has the id '${event?.id}'.`,
    )
  })
})

describe('simulate', () => {
  it('works out what would be and keeps nothing of it', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    ingest(watch, session, [thought, newEvent({ type: 'checkpoint', name: 'mark' }), thought])
    const before = structuredClone(session)
    const checkpointId = checkpointsOf(session)[0]?.id ?? ''
    const supposed = [newEvent({ name: 'payments.refund' }), newEvent({ outcome: 'error' })]
    const result = simulate(watch, session, { fromCheckpointId: checkpointId, model: null, events: supposed })
    expect(result.actual).toMatchObject({ events: 3, totalUsd: 0.5, tokens: 200_000 })
    expect(result.projected).toMatchObject({ events: 4, totalUsd: 0.25, tokens: 100_000 })
    // 1 ok of 1 ok, 1 error, 1 blocked: 2 / (1 + 1 + 2 + 2)
    expect(result.projected.confidence.score).toBe(0.333)
    expect(result.differenceUsd).toBe(-0.25)
    expect(result.blocked).toMatchObject([
      { name: 'payments.refund', violations: [{ rule: 'blocked_tool' }] },
    ])
    expect(session).toEqual(before)
    expect(watch.safety.blockedCount).toBe(0)
    expect(watch.totals.events.tool_call).toBe(0)
  })

  it('supposes another model for all that took tokens', () => {
    const watch = watchAt()
    const session = startSession(watch, parts)
    ingest(watch, session, [thought, newEvent()])
    const { projected, differenceUsd } = simulate(watch, session, {
      fromCheckpointId: null,
      model: 'gpt-4o-mini',
      events: [],
    })
    expect(projected.totalUsd).toBe(0.015)
    expect(differenceUsd).toBe(-0.235)
    expect(session.events[0]?.model).toBe('gpt-4o')
  })
})
