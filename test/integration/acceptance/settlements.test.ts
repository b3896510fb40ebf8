import express5, { type Express, type RequestHandler } from 'express'
import express4 from 'express4'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import type { RateLimiter } from '../../../src/limiter/rate-limiter.ts'
import type { RateLimiterOptions } from '../../../src/options/rate-limiter-options.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { recorded } from '../../support/recorded-events.ts'

const VERSIONS = [
  ['Express 4', express4 as unknown as () => Express],
  ['Express 5', express5],
] as const

const LATE = 'late'

/** An app whose requests settle to what the header `actual` says, after the response if `late` is set. */
class SettlingApp {
  readonly clock = new FakeClock()
  readonly limiter: RateLimiter
  readonly app: Express
  readonly results: unknown[] = []

  constructor(createApp: () => Express, options: RateLimiterOptions) {
    const store = new MemoryStore({ clock: this.clock })
    this.limiter = createRateLimiter({ store, ...options })
    this.app = createApp()
    this.app.use(this.limiter as RequestHandler)
    this.app.use((req, res) => {
      const settle = (): void => {
        const { actual } = req.headers
        if (actual === undefined) return
        const settled = this.limiter.settle(req, Number(actual))
        settled.then(
          (units) => this.results.push(units),
          (error: Error) => this.results.push(error.message),
        )
      }
      if (req.headers[LATE] === undefined) settle()
      else res.once('close', () => setImmediate(settle))
      res.sendStatus(req.path === '/fails' ? 500 : 200)
    })
  }

  async get(actual?: number, headers: Record<string, string> = {}): Promise<number> {
    const { status } = await request(this.app)
      .get('/')
      .set({ ...headers, ...(actual === undefined ? {} : { actual: String(actual) }) })
    return status
  }

  async remaining(requestClass: 'read' | 'write' = 'read'): Promise<number | undefined> {
    return (await this.limiter.peek('127.0.0.1', { class: requestClass })).limits[0]?.remaining
  }
}

describe.each(VERSIONS)('a charge that is settled (%s)', (_version, createApp) => {
  it.each(['fixed-window', 'sliding-window', 'token-bucket'] as const)(
    'gives back what it did not cost, and waits for what it cost in addition (%s)',
    async (algorithm) => {
      const read = { limit: 10, windowSec: 10, algorithm }
      const tested = new SettlingApp(createApp, { read, cost: () => 4 })
      expect(await tested.get(1)).toBe(200)
      expect(await tested.remaining()).toBe(9)
      expect(await tested.get(15)).toBe(200)
      expect(await tested.remaining()).toBe(0)
      expect(tested.results).toEqual([1, 15])
      const refused = await request(tested.app).get('/')
      expect(refused.status).toBe(429)
      expect(refused.headers['x-ratelimit-remaining']).toBe('0')
      const retryMs = Number(refused.headers['retry-after']) * 1000
      // Six units too many, and the four of the next request, come back one a second from a bucket.
      expect(retryMs).toBe(10_000)
      tested.clock.advance(retryMs - 1000)
      expect(await tested.get()).toBe(429)
      tested.clock.advance(1000)
      expect(await tested.get()).toBe(200)
    },
  )

  it('owes at most maxDebt units, and no unit of a window that is over', async () => {
    const read = { limit: 10, windowSec: 10, maxDebt: 3 }
    const tested = new SettlingApp(createApp, { read, cost: () => 4 })
    await tested.get(1000)
    expect(tested.results).toEqual([13])
    tested.clock.advance(10_000)
    expect(await tested.remaining()).toBe(10)
  })

  it('may be settled after the response has closed, and the last value is valid', async () => {
    const tested = new SettlingApp(createApp, { read: 10, cost: () => 4 })
    await tested.get(7, { late: 'true' })
    await vi.waitFor(() => expect(tested.results).toEqual([7]))
    expect(await tested.remaining()).toBe(3)
  })

  it('concerns both classes of a request with a method override', async () => {
    const tested = new SettlingApp(createApp, { read: 10, write: 10, cost: () => 4 })
    await tested.get(1, { 'x-http-method-override': 'DELETE' })
    expect(tested.results).toEqual([1])
    expect([await tested.remaining('read'), await tested.remaining('write')]).toEqual([9, 9])
  })

  it('stays given back by skipFailedRequests', async () => {
    const tested = new SettlingApp(createApp, { read: 10, cost: () => 4, skipFailedRequests: true })
    await request(tested.app).get('/fails').set({ actual: '8', late: 'true' })
    await vi.waitFor(() => expect(tested.results).toEqual([0]))
    expect(await tested.remaining()).toBe(10)
  })

  it('is not changed where the request was refused, skipped or not counted', async () => {
    const refused = new SettlingApp(createApp, { read: 4, cost: () => 4, mode: 'shadow' })
    await refused.get()
    await refused.get(1)
    const skipped = new SettlingApp(createApp, { read: 4, cost: () => 4, skip: () => true })
    await skipped.get(3)
    const store = new FaultyStore(new MemoryStore())
    const uncounted = new SettlingApp(createApp, { read: 4, cost: () => 4, store, onStoreError: 'allow' })
    store.fail({ kind: 'throw' })
    await uncounted.get(3)
    expect([refused, skipped, uncounted].map(({ results }) => results)).toEqual([[0], [0], [0]])
    expect([await refused.remaining(), await skipped.remaining()]).toEqual([0, 4])
  })

  it('is published, with what was recorded before', async () => {
    const events = recorded('settlement')
    const tested = new SettlingApp(createApp, { read: 10, cost: () => 4 })
    await tested.get(6)
    expect(events).toMatchObject([
      { key: '127.0.0.1', class: 'read', plan: undefined, recordedBefore: 4, recorded: 6 },
    ])
  })

  it('is published with the plan of the charge, of requests and of direct charges', async () => {
    const events = recorded('settlement')
    const plans = { free: { limit: 10 }, pro: { limit: 100 } }
    const tested = new SettlingApp(createApp, { plans, plan: () => 'pro', cost: () => 4 })
    await tested.get(6)
    const { receipt } = await tested.limiter.consume('127.0.0.2', { plan: 'free', cost: 2 })
    await tested.limiter.settle(receipt, 1)
    await tested.limiter.refund(receipt)
    expect(events.map(({ plan, recordedBefore, recorded }) => [plan, recordedBefore, recorded])).toEqual([
      ['pro', 4, 6],
      ['free', 2, 1],
      ['free', 1, 0],
    ])
  })

  it.each([-1, 0.5, Number.NaN, 1_000_000_000_000_000, '3'])('cannot cost %o', async (cost) => {
    const tested = new SettlingApp(createApp, { limit: 10, cost: () => 4 })
    const { receipt } = await tested.limiter.consume('127.0.0.1')
    await expect(tested.limiter.settle(receipt, cost as number)).rejects.toMatchObject({
      code: 'invalid_option',
      option: 'cost',
      value: cost,
    })
  })
})

describe('limiter.settle', () => {
  it('needs receipts of requests, which a limiter without costs keeps only if it is told so', async () => {
    const tested = new SettlingApp(express5, { read: 10 })
    await tested.get(3)
    expect(tested.results).toEqual([
      "settles: is off, and so the limiter 'default' keeps no receipts of requests, got false. Set settles: true, or give an estimate with the option cost. See https://express-tollgate.github.io/express-tollgate/errors#impossible_combination",
    ])
    const settling = new SettlingApp(express5, { read: 10, settles: true })
    await settling.get(3)
    expect(settling.results).toEqual([3])
  })

  it('takes a receipt of consume, and refund gives it back for good', async () => {
    const { limiter } = new SettlingApp(express5, { limit: 10 })
    const { receipt } = await limiter.consume('203.0.113.7', { cost: 2 })
    const left = async (): Promise<unknown> => (await limiter.peek('203.0.113.7')).limits[0]?.remaining
    expect(await limiter.settle(receipt, 5)).toBe(5)
    expect(await limiter.settle(receipt, 3)).toBe(3)
    expect(await left()).toBe(7)
    await limiter.refund(receipt)
    expect(await limiter.settle(receipt, 4)).toBe(0)
    expect(await left()).toBe(10)
  })

  it('changes nothing without a receipt, and takes no other object', async () => {
    const { limiter } = new SettlingApp(express5, { limit: 1 })
    const { receipt } = await limiter.consume('203.0.113.7')
    expect((await limiter.consume('203.0.113.7')).receipt).toBeUndefined()
    expect(await limiter.settle(undefined, 3)).toBe(0)
    const { limiter: other } = new SettlingApp(express5, { limit: 1, name: 'other' })
    for (const wrong of [{}, receipt]) {
      await expect(other.settle(wrong, 3)).rejects.toMatchObject({
        code: 'invalid_option',
        option: 'receipt',
      })
    }
  })

  it('needs a store that settles', async () => {
    const consume = (): never => {
      throw new Error('not called')
    }
    const limiter = createRateLimiter({ store: { consume }, read: 1, cost: () => 1 })
    await expect(limiter.settle(undefined, 3)).rejects.toMatchObject({ code: 'unsupported_by_store' })
    expect(() => createRateLimiter({ store: { consume }, settles: true })).toThrow(
      /settles: the store has no settle/,
    )
  })

  it('rejects where the store fails', async () => {
    const store = new FaultyStore(new MemoryStore())
    const { limiter } = new SettlingApp(express5, { limit: 5, store })
    const { receipt } = await limiter.consume('203.0.113.7')
    store.fail({ kind: 'reject' })
    await expect(limiter.settle(receipt, 3)).rejects.toMatchObject({ code: 'store_failed' })
  })
})
