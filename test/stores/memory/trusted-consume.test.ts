import express from 'express'
import supertest from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type Decision, MemoryStore } from '../../../src/index.ts'
import type { Store } from '../../../src/stores/store.ts'

afterEach(() => void vi.restoreAllMocks())

/** What is answered to a request whose limiter has the store, and answers 503 where the store fails. */
async function statusWith(store: Store, prepare: () => void = () => undefined): Promise<number> {
  const app = express()
  app.use(createRateLimiter({ read: 5, store, onStoreError: 'deny', logger: { info() {}, warn() {} } }))
  app.use((_req, res) => void res.end())
  prepare()
  return (await supertest(app).get('/')).status
}

const noDecision = undefined as unknown as Decision

describe('the decisions of a memory store', () => {
  it('are trusted where the store decides by itself, on its own clock', async () => {
    const store = new MemoryStore()
    expect(MemoryStore.trustedConsume(store)).toBe(store.consume)
    expect(await statusWith(store)).toBe(200)
  })

  it.each<[string, () => Store, number]>([
    ['a clock of the application', () => new MemoryStore({ clock: { now: () => Number.NaN } }), 503],
    [
      'a class that decides by itself',
      () =>
        new (class extends MemoryStore {
          override consume(): Decision {
            return noDecision
          }
        })(),
      503,
    ],
  ])('are checked with %s', async (_what, create, status) => {
    expect(await statusWith(create())).toBe(status)
  })

  it('are checked where consume is replaced after the limiter was made', async () => {
    const store = new MemoryStore()
    expect(await statusWith(store, () => void vi.spyOn(store, 'consume').mockReturnValue(noDecision))).toBe(
      503,
    )
  })

  it('are checked where a class peeks by itself', async () => {
    class Peeking extends MemoryStore {
      override peek(): Decision {
        return noDecision
      }
    }
    const limiter = createRateLimiter({
      read: 5,
      store: new Peeking(),
      onStoreError: 'deny',
      logger: { info() {}, warn() {} },
    })
    await expect(limiter.peek('192.0.2.1', { class: 'read' })).rejects.toMatchObject({ code: 'store_failed' })
  })
})
