import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

const ERROR = new Error('no database')

/** Throws for requests with `?fail`. */
function orFail<Result>(req: Request, result: Result): Result {
  if ('fail' in req.query) throw ERROR
  return result
}

const CALLBACKS: Readonly<Record<string, RateLimiterOptions>> = {
  'cost, which throws': { cost: (req) => orFail(req, 1) },
  'cost, which rejects': { cost: async (req) => orFail(req, 1) },
  'keyGenerator, which throws': { keyGenerator: (req, _res, key) => orFail(req, key) },
  'keyGenerator, which rejects': { keyGenerator: async (req, _res, key) => orFail(req, key) },
  'skip, which throws': { skip: (req) => orFail(req, false) },
  'skip, which rejects': { skip: async (req) => orFail(req, false) },
  'a limit function, which throws': { read: (req) => orFail(req, 3) },
  'a limit function, which rejects': { read: async (req) => orFail(req, 3) },
  'classify, which throws': { classify: (req) => orFail(req, 'read') },
}

describe.each(EXPRESS_VERSIONS)('an error of a function among the options on %s', (_name, express) => {
  it.each(Object.entries(CALLBACKS))('reaches next, and charges nothing: %s', async (_callback, options) => {
    const store = new MemoryStore()
    const consume = vi.spyOn(store, 'consume')
    const handler = vi.fn((_req: Request, res: Response) => void res.send('from the route'))
    const passed: unknown[] = []
    const app = express()
    app.use(createRateLimiter({ read: 3, ...options, store }))
    app.get('/', handler)
    app.use((given: unknown, _req: Request, res: Response, _next: NextFunction) => {
      passed.push(given)
      res.sendStatus(503)
    })
    for (let turn = 0; turn < 5; turn++) {
      const { status, headers } = await request(app).get('/?fail')
      expect([status, headers['x-ratelimit-limit'], headers['retry-after']]).toEqual([
        503,
        undefined,
        undefined,
      ])
    }
    expect(passed).toEqual(Array(5).fill(ERROR))
    expect([handler.mock.calls.length, consume.mock.calls.length]).toEqual([0, 0])
    const { status, headers } = await request(app).get('/')
    expect([status, headers['x-ratelimit-remaining']]).toEqual([200, '2'])
    await store.close()
  })
})
