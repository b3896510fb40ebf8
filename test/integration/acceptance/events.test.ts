import express, { type Express, type RequestHandler } from 'express'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import { decisionChannel } from '../../../src/events/channels.ts'
import type { Outcome } from '../../../src/events/outcome.ts'
import type { RateLimiter } from '../../../src/limiter/rate-limiter.ts'
import { LIMITER_DESCRIPTION } from '../../../src/limits/limiter-description.ts'
import type { RateLimiterOptions } from '../../../src/options/rate-limiter-options.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { recorded } from '../../support/recorded-events.ts'

const silentLogger = { info: (): void => undefined, warn: (): void => undefined }

const createLimiter = (options: RateLimiterOptions): RateLimiter =>
  createRateLimiter({ logger: silentLogger, ...options })

function appWithLimiters(...handlers: readonly RateLimiter[]): Express {
  const app = express()
  for (const handler of handlers) app.use(handler as RequestHandler)
  app.use((_req, res) => {
    res.sendStatus(200)
  })
  return app
}

/** The outcomes of `requests` GET requests, with the statuses of their answers. */
async function outcomesOf(
  options: RateLimiterOptions,
  requests: number,
): Promise<readonly (readonly [Outcome, number])[]> {
  const events = recorded('decision')
  const app = appWithLimiters(createLimiter(options))
  const statuses: number[] = []
  for (let count = 0; count < requests; count++) statuses.push((await request(app).get('/')).status)
  // There is exactly one event for each request.
  expect(events).toHaveLength(requests)
  return events.map(({ outcome }, index) => [outcome, statuses[index] ?? 0])
}

const failingStore = (): FaultyStore => {
  const store = new FaultyStore(new MemoryStore())
  store.fail({ kind: 'reject' })
  return store
}

describe('a request is published once', () => {
  it('as allowed, as near from exactly 80 % of the limit, and as limited', async () => {
    expect(await outcomesOf({ read: 10 }, 11)).toEqual([
      ...Array(7).fill(['allowed', 200]),
      ...Array(3).fill(['near', 200]),
      ['limited', 429],
    ])
  })

  it('as banned after refusals', async () => {
    const options = { read: 1, ban: { after: 2, withinSec: 60, forSec: 60 } }
    expect(await outcomesOf(options, 4)).toEqual([
      ['near', 200],
      ['limited', 429],
      ['banned', 429],
      ['banned', 429],
    ])
  })

  it('as shadowed in shadow mode', async () => {
    expect(await outcomesOf({ read: 1, mode: 'shadow' }, 2)).toEqual([
      ['near', 200],
      ['shadowed', 200],
    ])
  })

  it('as denied by the denyList', async () => {
    expect(await outcomesOf({ denyList: ['loopback'] }, 1)).toEqual([['denied', 403]])
    expect(await outcomesOf({ denyList: ['loopback'], mode: 'shadow' }, 1)).toEqual([['allowed', 200]])
  })

  it.each([
    ['skip', { skip: () => true }],
    ['an asynchronous skip', { skip: () => Promise.resolve(true) }],
    ['the allowList', { allowList: ['loopback'] }],
    ['a class without a limit', { read: false as const }],
  ])('as skipped by %s', async (_what, options) => {
    expect(await outcomesOf(options, 2)).toEqual(Array(2).fill(['skipped', 200]))
  })

  it('as uncounted or unavailable if the store fails', async () => {
    expect(await outcomesOf({ store: failingStore(), onStoreError: 'allow' }, 7)).toEqual(
      Array(7).fill(['uncounted', 200]),
    )
    expect(await outcomesOf({ store: failingStore(), onStoreError: 'deny' }, 7)).toEqual(
      Array(7).fill(['unavailable', 503]),
    )
    expect(await outcomesOf({ store: failingStore(), onStoreError: 'deny', mode: 'shadow' }, 1)).toEqual([
      ['uncounted', 200],
    ])
    expect(await outcomesOf({ store: failingStore(), onStoreError: 'memory', read: 1 }, 2)).toEqual([
      ['near', 200],
      ['limited', 429],
    ])
  })
})

describe('the event of a decision', () => {
  it('has the limiter, the client key, the class and the cost', async () => {
    const limiter = createLimiter({
      name: 'api',
      write: 10,
      cost: () => 3,
      keyGenerator: () => 'account:acme',
    })
    const events = recorded('decision')
    await request(appWithLimiters(limiter)).post('/').expect(200)
    expect(events).toEqual([
      {
        limiter: limiter[LIMITER_DESCRIPTION],
        outcome: 'allowed',
        key: 'account:acme',
        class: 'write',
        cost: 3,
        decision: expect.objectContaining({
          allowed: true,
          limits: [expect.objectContaining({ remaining: 7 })],
        }),
      },
    ])
  })

  it('has no class, no cost and no decision if nothing was charged', async () => {
    const limiter = createLimiter({ denyList: ['loopback'] })
    const events = recorded('decision')
    await request(appWithLimiters(limiter)).get('/').expect(403)
    expect(events).toEqual([
      {
        limiter: limiter[LIMITER_DESCRIPTION],
        outcome: 'denied',
        key: '127.0.0.1',
        class: undefined,
        cost: 0,
        decision: undefined,
      },
    ])
  })
})

describe('several limiters on a route', () => {
  it('publish one event each, up to the limiter that refuses', async () => {
    const [outer, inner] = [
      createLimiter({ name: 'outer', read: 10 }),
      createLimiter({ name: 'inner', read: 2 }),
    ]
    const events = recorded('decision')
    const app = appWithLimiters(outer, inner)
    for (const status of [200, 200, 429]) await request(app).get('/').expect(status)
    expect(events.map(({ limiter, outcome }) => `${limiter.name} ${outcome}`)).toEqual([
      'outer allowed',
      'inner allowed',
      'outer allowed',
      'inner near',
      'outer allowed',
      'inner limited',
    ])
  })

  it.each([
    ['counts', {}, 'allowed'],
    ['skips', { skip: () => true }, 'skipped'],
    ['does not wait for its store', { store: failingStore(), onStoreError: 'allow' as const }, 'uncounted'],
  ])('that are the same limiter publish once if it %s', async (_what, options, outcome) => {
    const limiter = createLimiter(options)
    const events = recorded('decision')
    await request(appWithLimiters(limiter, limiter)).get('/').expect(200)
    expect(events.map((event) => event.outcome)).toEqual([outcome])
  })
})

describe('without subscribers', () => {
  it('no request is published', async () => {
    const publish = vi.spyOn(decisionChannel, 'publish')
    try {
      await request(appWithLimiters(createLimiter({ read: 1 })))
        .get('/')
        .expect(200)
      await request(appWithLimiters(createLimiter({ skip: () => true })))
        .get('/')
        .expect(200)
      await request(appWithLimiters(createLimiter({ denyList: ['loopback'] })))
        .get('/')
        .expect(403)
      expect(publish).not.toHaveBeenCalled()
    } finally {
      publish.mockRestore()
    }
  })
})
