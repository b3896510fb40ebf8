import { setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import request from 'supertest'
import { expect, it } from 'vitest'
import { createRateLimiter, type Store } from '../../../src/index.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'

const HOUR_MS = 3_600_000

const limitOf = (units: number, windowMs = HOUR_MS): Limit => ({
  name: 'some',
  limit: units,
  burst: units,
  windowMs,
  ttlMs: windowMs,
  algorithm: 'fixed-window',
})

const charge = async (store: Store, key: string, limit: Limit): Promise<Decision> =>
  store.consume({ key, limits: [limit], cost: 1 })

/**
 * The tests of a store of express-rate-limit that counts in a server. No test can turn the clock of the server.
 *
 * @param createStore makes a store with a connection. All stores have the same counters.
 * @param endsInTime whether the server ends a window at its `resetTime`. Memcached counts whole seconds
 */
export function serverCases(createStore: () => Store, endsInTime: boolean): void {
  it('allows exactly the limit to many charges at once, through two stores', async () => {
    const stores = [createStore(), createStore()]
    const sent = Array.from({ length: 60 }, (_, index) => stores[index % 2]).filter(
      (one) => one !== undefined,
    )
    const decisions = await Promise.all(sent.map((store) => charge(store, 'parallel', limitOf(20))))
    const left = decisions.filter(({ allowed }) => allowed).map(({ limits: [state] }) => state?.remaining)
    expect(left.toSorted((one, other) => Number(one) - Number(other))).toEqual([...Array(20).keys()])
  })

  it('lets a client in again that waits as long as it is told', async () => {
    const [store, limit] = [createStore(), limitOf(1, 2000)]
    // At the same time, so that the window is open for both.
    const decisions = await Promise.all([1, 2].map(() => charge(store, 'waits', limit)))
    expect(decisions.map(({ allowed }) => allowed).sort()).toEqual([false, true])
    const retryAfterMs = Math.max(...decisions.map((decision) => decision.retryAfterMs))
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(2000)
    // A timer may fire a millisecond early.
    await wait(retryAfterMs + 1)
    const isAllowed = async (): Promise<boolean> => (await charge(store, 'waits', limit)).allowed
    if (endsInTime) expect(await isAllowed()).toBe(true)
    else await expect.poll(isAllowed, { timeout: 60_000 }).toBe(true)
  })

  it('gives a charge back, and no refusal', async () => {
    const [store, limit] = [createStore(), limitOf(2)]
    const { receipt } = await charge(store, 'refunded', limit)
    await charge(store, 'refunded', limit)
    expect(await store.settle?.(receipt ?? {}, 0)).toBe(0)
    expect(await store.settle?.(receipt ?? {}, 0)).toBe(0)
    const again = await charge(store, 'refunded', limit)
    expect(again).toMatchObject({ allowed: true, limits: [{ remaining: 0 }] })
    expect(await charge(store, 'refunded', limit)).toMatchObject({ allowed: false })
    await store.settle?.(again.receipt ?? {}, 0)
    // The refusal was counted.
    expect(await charge(store, 'refunded', limit)).toMatchObject({ allowed: false })
  })

  it('never keeps more charges than the limit beside refunds at the same time', async () => {
    const [stores, limit] = [[createStore(), createStore()], limitOf(10)]
    const isKept = async (index: number): Promise<boolean> => {
      const store = stores[index % 2]
      const { allowed, receipt } = (await store?.consume({ key: 'both', limits: [limit], cost: 1 })) ?? {}
      if (!allowed) return false
      if (index % 3 === 0) return true
      await store?.settle?.(receipt ?? {}, 0)
      return false
    }
    const kept = await Promise.all(Array.from({ length: 100 }, (_, index) => isKept(index)))
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(10)
    expect(kept.filter(Boolean).length).toBeGreaterThan(0)
  })

  it('forgets one client', async () => {
    const [store, limit] = [createStore(), limitOf(1)]
    for (const key of ['reset', 'kept']) await charge(store, key, limit)
    await store.reset?.('reset')
    expect(await charge(store, 'reset', limit)).toMatchObject({ allowed: true })
    expect(await charge(store, 'kept', limit)).toMatchObject({ allowed: false })
  })

  it('counts every key by itself, whatever characters it has', async () => {
    const [store, limit] = [createStore(), limitOf(1)]
    const keys = [
      '',
      ' ',
      'a b',
      'a\r\nb',
      'a\u0000b',
      '\ud800',
      '\udc00',
      'k'.repeat(10_000),
      `${'k'.repeat(10_000)}1`,
    ]
    for (const key of keys) expect(await charge(store, key, limit)).toMatchObject({ allowed: true })
    for (const key of keys) expect(await charge(store, key, limit)).toMatchObject({ allowed: false })
  })

  it('limits the requests of an app, and does not count those that are right', async () => {
    const store = createStore()
    const options = { name: 'login', limit: 2, windowSec: 3600, store, skipSuccessfulRequests: true }
    const limiter = createRateLimiter({ ...options, onStoreError: 'deny', storeDeadlineMs: 30_000 })
    const app = express()
    app.use(limiter)
    app.get('/right', (_req, res) => void res.send('welcome'))
    app.get('/wrong', (_req, res) => void res.sendStatus(401))
    for (let attempt = 1; attempt <= 3; attempt++) {
      await request(app).get('/right').expect(200).expect('X-RateLimit-Remaining', '1')
      // The charge is given back after the response.
      await expect.poll(async () => unitsLeft(store)).toBe(2)
    }
    for (const left of ['1', '0']) {
      await request(app).get('/wrong').expect(401).expect('X-RateLimit-Remaining', left)
    }
    const { headers } = await request(app).get('/right').expect(429, '{"error":"rate_limit_exceeded"}')
    expect(Number(headers['retry-after'])).toBeGreaterThan(3590)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(3600)
    await limiter.close()
  })
}

/** The units that the client of the app has left. A store without peek() shows them by a charge, which is given back. */
async function unitsLeft(store: Store): Promise<number | undefined> {
  const asked = { key: 'login:any:127.0.0.1', limits: [limitOf(2)], cost: 1 }
  if (store.peek !== undefined) return (await store.peek(asked)).limits[0]?.remaining
  const { receipt, limits } = await store.consume(asked)
  if (receipt !== undefined) await store.settle?.(receipt, 0)
  return Number(limits[0]?.remaining) + 1
}
