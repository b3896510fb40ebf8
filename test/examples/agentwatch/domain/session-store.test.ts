import { describe, expect, it } from 'vitest'
import { type Bounds, DEFAULT_BOUNDS } from '../../../../examples/agentwatch/domain/bounds.ts'
import { SessionStore } from '../../../../examples/agentwatch/domain/session-store.ts'
import { keptEvent, START_MS } from '../sample-event.ts'

const storeOf = (bounds: Partial<Bounds> = {}): SessionStore =>
  new SessionStore({ ...DEFAULT_BOUNDS, ...bounds })
const parts = { agent: 'bot', goal: '', tenantId: null }

describe('SessionStore', () => {
  it('drops the session that was idle longest when there are too many', () => {
    const store = storeOf({ maxSessions: 2 })
    const first = store.create(parts, START_MS)
    const second = store.create(parts, START_MS)
    // Touched last, so the second is the idler one.
    store.append(keptEvent({ sessionId: first.id }), START_MS + 1)
    store.append(keptEvent({ sessionId: second.id }), START_MS + 2)
    store.setStatus(first.id, 'completed', START_MS + 3)
    const third = store.create(parts, START_MS + 4)
    expect(store.list().map((session) => session.id)).toEqual([third.id, first.id])
    expect(store.eventCount).toBe(1)
  })

  it('drops idle sessions when there are too many events, and never the one that is written to', () => {
    const store = storeOf({ maxEvents: 3 })
    const [first, second] = [store.create(parts, START_MS), store.create(parts, START_MS)]
    store.append(keptEvent({ sessionId: first.id }), START_MS)
    for (const sequence of [1, 2, 3]) store.append(keptEvent({ sessionId: second.id, sequence }), START_MS)
    expect(store.list().map((session) => session.id)).toEqual([second.id])
    expect(store.eventCount).toBe(3)
    store.append(keptEvent({ sessionId: second.id, sequence: 4 }), START_MS)
    expect(store.get(second.id).events).toHaveLength(4)
  })

  it('takes no more events into a session than it may hold', () => {
    const store = storeOf({ maxEventsPerSession: 2 })
    const session = store.create(parts, START_MS)
    store.append(keptEvent({ sessionId: session.id }), START_MS)
    store.checkRoom(session, 1)
    expect(() => store.checkRoom(session, 2)).toThrow(`Session ${session.id} holds 1 of at most 2 events.`)
  })

  it('takes no events into a session that has ended', () => {
    const store = storeOf()
    const session = store.create(parts, START_MS)
    store.setStatus(session.id, 'failed', START_MS)
    expect(() => store.checkRoom(session, 1)).toThrow(
      `Session ${session.id} is failed and takes no more events.`,
    )
  })

  it('prunes by the time of the last activity', () => {
    const store = storeOf()
    const idle = store.create(parts, START_MS)
    const busy = store.create(parts, START_MS)
    store.append(keptEvent({ sessionId: idle.id }), START_MS + 10)
    store.append(keptEvent({ sessionId: busy.id }), START_MS + 20)
    expect(store.prune(START_MS + 10)).toBe(0)
    expect(store.prune(START_MS + 11)).toBe(1)
    expect(store.list().map((session) => session.id)).toEqual([busy.id])
    expect([store.size, store.eventCount]).toEqual([1, 1])
  })

  it("hides a tenant's sessions from others", () => {
    const store = storeOf()
    const own = store.create({ ...parts, tenantId: 'ten_1' }, START_MS)
    store.create({ ...parts, tenantId: 'ten_2' }, START_MS)
    expect(store.list('ten_1').map((session) => session.id)).toEqual([own.id])
    expect(store.list()).toHaveLength(2)
    expect(store.get(own.id, 'ten_1').id).toBe(own.id)
    expect(() => store.get(own.id, 'ten_2')).toThrow(`No session has the id '${own.id}'.`)
  })
})
