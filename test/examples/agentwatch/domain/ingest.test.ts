import { describe, expect, it } from 'vitest'
import { checkpointsOf } from '../../../../examples/agentwatch/domain/checkpoints.ts'
import type { SessionUpdate } from '../../../../examples/agentwatch/domain/feed.ts'
import { ingest, rollBack, startSession } from '../../../../examples/agentwatch/domain/ingest.ts'
import { simulate } from '../../../../examples/agentwatch/domain/simulation.ts'
import { createWatch, type Watch } from '../../../../examples/agentwatch/domain/watch.ts'
import { newEvent, START_MS } from '../sample-event.ts'

const newWatch = (): Watch => createWatch({ now: () => START_MS })
const sessionParts = { agent: 'bot', goal: '', tenantId: null }
const modelCall = newEvent({ type: 'llm_call', name: 'think', model: 'gpt-4o', inputTokens: 100_000 })

describe('ingest', () => {
  it('numbers events in order of arrival, counts them and publishes them', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    const updates: SessionUpdate[] = []
    watch.feed.subscribe((item) => updates.push(item))
    const stored = ingest(watch, session, [newEvent(), modelCall])
    expect(stored.map((event) => event.sequence)).toEqual([1, 2])
    expect(updates.map((item) => item.kind === 'event' && item.event)).toEqual(stored)
    expect(watch.totals).toMatchObject({ sessions: 1, events: { tool_call: 1, llm_call: 1, error: 0 } })
  })

  it('stores a forbidden event, marks it as blocked and lists it', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    const [stored] = ingest(watch, session, [newEvent({ name: 'payments.refund' })])
    expect(stored).toMatchObject({ status: 'blocked', outcome: 'ok' })
    expect(watch.safety.blocked()[0]).toMatchObject({ eventId: stored?.id, name: 'payments.refund' })
    expect(session.events).toHaveLength(1)
  })

  it('blocks the event that exceeds the maximum cost of the session, not the events before it', () => {
    const watch = newWatch()
    watch.safety.replacePolicy({ ...watch.safety.policy, maxSessionCostUsd: 0.5 }, START_MS)
    const session = startSession(watch, sessionParts)
    // 0.25 USD each
    const statuses = ingest(watch, session, [modelCall, modelCall, modelCall, newEvent()]).map(
      (event) => event.status,
    )
    expect(statuses).toEqual(['ok', 'ok', 'blocked', 'ok'])
  })

  it('adds all events or none', () => {
    const watch = createWatch({ bounds: { maxEventsPerSession: 2 }, now: () => START_MS })
    const session = startSession(watch, sessionParts)
    expect(() => ingest(watch, session, [newEvent(), newEvent(), newEvent()])).toThrow('has 0 of at most 2')
    expect(() => ingest(watch, session, [newEvent(), newEvent({ parentId: 'evt_x' })])).toThrow(
      `parentId must be the id of an event of session ${session.id}, got "evt_x".`,
    )
    expect(session.events).toHaveLength(0)
  })

  it('accepts only a parent of the same session', () => {
    const watch = newWatch()
    const [one, other] = [startSession(watch, sessionParts), startSession(watch, sessionParts)]
    const parentId = ingest(watch, one, [newEvent()])[0]?.id ?? ''
    expect(() => ingest(watch, other, [newEvent({ parentId })])).toThrow(
      'parentId must be the id of an event',
    )
    expect(ingest(watch, one, [newEvent({ parentId })])[0]?.parentId).toBe(parentId)
  })
})

describe('rollBack', () => {
  it('drops the events after the checkpoint, and reopens the session', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    const checkpoint = newEvent({ type: 'checkpoint', name: 'first half' })
    ingest(watch, session, [
      newEvent(),
      checkpoint,
      newEvent({ name: 'payments.refund' }),
      checkpoint,
      newEvent(),
    ])
    watch.sessions.setStatus(session.id, 'failed', START_MS)
    const checkpoints = checkpointsOf(session)
    expect(checkpoints).toMatchObject([
      { label: 'first half', eventsUpTo: 2, eventsAfter: 3 },
      { label: 'first half', eventsUpTo: 4, eventsAfter: 1 },
    ])
    const updates: SessionUpdate[] = []
    watch.feed.subscribe((item) => updates.push(item))
    const checkpointId = checkpoints[0]?.id ?? ''
    expect(rollBack(watch, session, checkpointId)).toEqual({ kept: 2, dropped: 3 })
    expect(updates).toEqual([{ kind: 'rollback', session, checkpointId, dropped: 3 }])
    expect(session.status).toBe('running')
    expect(session.events.map((event) => event.type)).toEqual(['tool_call', 'checkpoint'])
    expect(watch.sessions.eventCount).toBe(2)
    // A rollback does not remove the evidence.
    expect(watch.safety.blocked()).toHaveLength(1)
    expect(ingest(watch, session, [newEvent()])[0]?.sequence).toBe(3)
  })

  it('rejects the id of an event that is not a checkpoint', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    const [event] = ingest(watch, session, [newEvent()])
    expect(() => rollBack(watch, session, event?.id ?? '')).toThrow(
      `There is no checkpoint of this session with the id '${event?.id}'.`,
    )
  })
})

describe('simulate', () => {
  it('computes the figures after the assumed events, and stores nothing', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    ingest(watch, session, [modelCall, newEvent({ type: 'checkpoint', name: 'mark' }), modelCall])
    const before = structuredClone(session)
    const checkpointId = checkpointsOf(session)[0]?.id ?? ''
    const assumed = [newEvent({ name: 'payments.refund' }), newEvent({ outcome: 'error' })]
    const result = simulate(watch, session, { fromCheckpointId: checkpointId, model: null, events: assumed })
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

  it('assumes another model for all events with tokens', () => {
    const watch = newWatch()
    const session = startSession(watch, sessionParts)
    ingest(watch, session, [modelCall, newEvent()])
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
