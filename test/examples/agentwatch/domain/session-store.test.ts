import { describe, expect, it } from 'vitest'
import { type Bounds, DEFAULT_BOUNDS } from '../../../../examples/agentwatch/domain/bounds.ts'
import { SessionStore } from '../../../../examples/agentwatch/domain/session-store.ts'
import { START_MS, storedEvent } from '../sample-event.ts'

const storeWith = (bounds: Partial<Bounds> = {}): SessionStore =>
  new SessionStore({ ...DEFAULT_BOUNDS, ...bounds })
const sessionParts = { agent: 'bot', goal: '', tenantId: null }

describe('SessionStore', () => {
  it('drops the session that was idle longest when there are too many', () => {
    const store = storeWith({ maxSessions: 2 })
    const first = store.create(sessionParts, START_MS)
    const second = store.create(sessionParts, START_MS)
    // The first session changes last, so the second one is idle longer.
    store.append(storedEvent({ sessionId: first.id }), START_MS + 1)
    store.append(storedEvent({ sessionId: second.id }), START_MS + 2)
    store.setStatus(first.id, 'completed', START_MS + 3)
    const third = store.create(sessionParts, START_MS + 4)
    expect(store.list().map((session) => session.id)).toEqual([third.id, first.id])
    expect(store.eventCount).toBe(1)
  })

  it('drops idle sessions when there are too many events, but never the session that gets the event', () => {
    const store = storeWith({ maxEvents: 3 })
    const [first, second] = [store.create(sessionParts, START_MS), store.create(sessionParts, START_MS)]
    store.append(storedEvent({ sessionId: first.id }), START_MS)
    for (const sequence of [1, 2, 3]) store.append(storedEvent({ sessionId: second.id, sequence }), START_MS)
    expect(store.list().map((session) => session.id)).toEqual([second.id])
    expect(store.eventCount).toBe(3)
    store.append(storedEvent({ sessionId: second.id, sequence: 4 }), START_MS)
    expect(store.get(second.id).events).toHaveLength(4)
  })

  it('accepts no more events in a session than it may have', () => {
    const store = storeWith({ maxEventsPerSession: 2 })
    const session = store.create(sessionParts, START_MS)
    store.append(storedEvent({ sessionId: session.id }), START_MS)
    store.checkRoom(session, 1)
    expect(() => store.checkRoom(session, 2)).toThrow(`Session ${session.id} has 1 of at most 2 events.`)
  })

  it('accepts no events in a session that has ended', () => {
    const store = storeWith()
    const session = store.create(sessionParts, START_MS)
    store.setStatus(session.id, 'failed', START_MS)
    expect(() => store.checkRoom(session, 1)).toThrow(
      `Session ${session.id} is failed and accepts no more events.`,
    )
  })

  it('prunes by the time of the last activity', () => {
    const store = storeWith()
    const idle = store.create(sessionParts, START_MS)
    const busy = store.create(sessionParts, START_MS)
    store.append(storedEvent({ sessionId: idle.id }), START_MS + 10)
    store.append(storedEvent({ sessionId: busy.id }), START_MS + 20)
    expect(store.prune(START_MS + 10)).toBe(0)
    expect(store.prune(START_MS + 11)).toBe(1)
    expect(store.list().map((session) => session.id)).toEqual([busy.id])
    expect([store.size, store.eventCount]).toEqual([1, 1])
  })

  it("hides a tenant's sessions from other tenants", () => {
    const store = storeWith()
    const own = store.create({ ...sessionParts, tenantId: 'ten_1' }, START_MS)
    store.create({ ...sessionParts, tenantId: 'ten_2' }, START_MS)
    expect(store.list('ten_1').map((session) => session.id)).toEqual([own.id])
    expect(store.list()).toHaveLength(2)
    expect(store.get(own.id, 'ten_1').id).toBe(own.id)
    expect(() => store.get(own.id, 'ten_2')).toThrow(`There is no session with the id '${own.id}'.`)
  })
})
