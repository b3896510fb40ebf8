import { describe, expect, it } from 'vitest'
import { MemoryStore, type Store } from '../../src/index.ts'
import { type FakeClock, storeConformance } from '../../src/testing/index.ts'
import { runConformance } from './conformance-run.ts'
import { SimpleStore } from './simple-store.ts'

storeConformance({ name: 'MemoryStore', describe, it, create: (clock) => new MemoryStore({ clock }) })
storeConformance({ name: 'SimpleStore', describe, it, create: (clock) => new SimpleStore(clock) })

/** A store can be this small. */
function tenLines(clock: FakeClock): Store {
  const clients = new Map<string, { startMs: number; used: number }>()
  return {
    consume({ key, limits: [limit], cost }) {
      const { name = '', limit: most = 0, windowMs = 0 } = limit ?? {}
      let client = clients.get(key) ?? { startMs: clock.now(), used: 0 }
      if (clock.now() >= client.startMs + windowMs) client = { startMs: clock.now(), used: 0 }
      client.startMs = Math.min(client.startMs, clock.now())
      const resetMs = client.startMs + windowMs - clock.now()
      const allowed = client.used + cost <= most
      if (allowed) clients.set(key, { ...client, used: client.used + cost })
      const remaining = most - client.used - (allowed ? cost : 0)
      return {
        allowed,
        retryAfterMs: allowed ? 0 : resetMs,
        limits: [{ name, limit: most, remaining, resetMs }],
      }
    },
  }
}

describe('the conformance suite', () => {
  it('passes a store of ten lines, and tests nothing that it does not have', async () => {
    const { failures, titles, name } = await runConformance(tenLines)
    expect([...failures]).toEqual([])
    expect(name).toBe('store conformance')
    expect(titles.length).toBeGreaterThanOrEqual(14)
    expect(
      titles.filter((title) => /peek|receipt|gives back|reset\b.*only|several limits|closes/.test(title)),
    ).toEqual([])
  })

  it('tests all that a store has, under names of their own', async () => {
    const { titles, name } = await runConformance((clock) => new MemoryStore({ clock }), 'mine')
    expect(name).toBe('mine')
    expect(new Set(titles).size).toBe(titles.length)
    for (const what of [/peeks/, /receipt/, /on reset,/, /resetAll/, /several limits/, /closes/]) {
      expect(titles.filter((title) => what.test(title))).not.toEqual([])
    }
  })

  it('closes every store it makes', async () => {
    let [made, closed] = [0, 0]
    const { titles } = await runConformance((clock) => {
      made++
      return { ...tenLines(clock), close: () => void closed++ }
    })
    expect(made).toBe(titles.length + 1)
    // The case that closes does so twice on its own.
    expect(closed).toBe(made + 2)
  })
})
