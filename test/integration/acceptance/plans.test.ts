import type { Request } from 'express'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  createRateLimiter,
  type PlanOptions,
  RateLimiterError,
  type RateLimitInfo,
} from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { rejectionOf, withoutAddress } from '../../support/thrown-by.ts'

const PLANS = { free: { limit: 2 }, pro: { read: 4, write: 3 } } as const
const planOf = (req: { headers: Request['headers'] }): string => String(req.headers['x-plan'])

describe.each(EXPRESS_VERSIONS)('plans on %s', (_name, express) => {
  function limitedApp(options: object = {}) {
    const seen: { info?: RateLimitInfo | undefined; error?: unknown } = {}
    const app = express()
    app.use(createRateLimiter({ plans: PLANS, plan: planOf, ...options }))
    app.use((req: Request, res) => {
      seen.info = req.rateLimit
      res.send('ok')
    })
    app.use(
      (error: unknown, _req: unknown, res: { status(code: number): { end(): void } }, _next: unknown) => {
        seen.error = error
        res.status(500).end()
      },
    )
    const get = (plan: string) => request(app).get('/').set('x-plan', plan)
    const post = (plan: string) => request(app).post('/').set('x-plan', plan)
    return { get, post, seen }
  }

  it('charge each request by the plan that it has', async () => {
    const { get, post, seen } = limitedApp()
    const free = await get('free').expect(200)
    expect(free.headers['x-ratelimit-limit']).toBe('2')
    expect(seen.info).toMatchObject({ plan: 'free', class: 'any', remaining: 1 })
    await post('free').expect(200)
    await get('free').expect(429)
    expect((await get('pro').expect(200)).headers['x-ratelimit-remaining']).toBe('3')
    expect(seen.info).toMatchObject({ plan: 'pro', class: 'read', remaining: 3 })
    expect((await post('pro').expect(200)).headers['x-ratelimit-remaining']).toBe('2')
  })

  it.each(['gold', 'undefined', '__proto__', 'constructor', ''])(
    'pass an error to next for the name %j, and charge nothing',
    async (name) => {
      const { get, seen } = limitedApp({ plans: { ...PLANS, other: { read: 1 } } })
      await get(name).expect(500)
      expect(seen.error).toBeInstanceOf(RateLimiterError)
      expect(withoutAddress(seen.error as RateLimiterError)).toMatchObject({
        code: 'unknown_plan',
        option: 'plan',
        message: `plan: returned a name that is not in plans, got '${name}'. Return one of 'free', 'pro', 'other'.`,
      })
      expect((await get('free')).headers['x-ratelimit-remaining']).toBe('1')
    },
  )

  it('charge nothing where plan, or a limit function of the plan, fails', async () => {
    const failure = new Error('no database')
    const fail = (): never => {
      throw failure
    }
    const onceFailing = <Result>(result: Result) => vi.fn((): Result => result).mockImplementationOnce(fail)
    for (const options of [
      { plan: onceFailing('free') },
      { plan: vi.fn(async () => 'free').mockRejectedValueOnce(failure) },
      { plans: { free: { limit: onceFailing(2) } } },
      { plans: { free: { limit: vi.fn(async () => 2).mockRejectedValueOnce(failure) } } },
    ]) {
      const { get, seen } = limitedApp(options)
      await get('free').expect(500)
      expect(seen.error).toBe(failure)
      expect((await get('free').expect(200)).headers['x-ratelimit-remaining']).toBe('1')
    }
  })

  it('may be named asynchronously, with several limits, names and a ban in each', async () => {
    const clock = new FakeClock(0)
    const plans: Readonly<Record<string, PlanOptions>> = {
      free: { limit: 1, ban: { after: 2, withinSec: 60, forSec: 600 } },
      pro: {
        read: [
          { limit: 9, windowSec: 3600, algorithm: 'sliding-window' },
          { limit: 3, windowSec: 10, algorithm: 'token-bucket', burst: 2, name: 'burst' },
        ],
        write: false,
      },
    }
    const { get, post } = limitedApp({
      plans,
      plan: async (req: Request) => planOf(req),
      standardHeaders: true,
      clock,
    })
    const first = await get('pro').expect(200)
    expect(first.headers['ratelimit-policy']).toBe('"read-1h";q=9;w=3600, "burst";q=2;w=7')
    await get('pro').expect(200)
    await get('pro').expect(429)
    expect((await post('pro').expect(200)).headers).not.toHaveProperty('ratelimit')
    await get('free').expect(200)
    await get('free').expect(429)
    expect((await get('free').expect(429)).headers['retry-after']).toBe('600')
    // A ban is one of the client, whatever its plan.
    expect((await get('pro').expect(429)).headers['retry-after']).toBe('600')
  })
})

describe('plans without a request', () => {
  it('need the plan, and the class only where the plan has two', async () => {
    const limiter = createRateLimiter({ plans: PLANS, plan: () => 'free' })
    expect(await limiter.consume('key', { plan: 'free' })).toMatchObject({ limits: [{ remaining: 1 }] })
    expect(await limiter.consume('key', { plan: 'pro', class: 'write' })).toMatchObject({
      limits: [{ remaining: 2 }],
    })
    const message = async (options: object): Promise<string> =>
      (await rejectionOf(limiter.peek('key', options))).message
    expect(await message({})).toBe("plan: takes the name of a plan, got undefined. Give 'free' or 'pro'.")
    expect(await message({ plan: 'gold' })).toBe(
      "plan: takes the name of a plan, got 'gold'. Give 'free' or 'pro'.",
    )
    expect(await message({ plan: 'pro' })).toBe(
      "class: is needed, because reads and writes have limits of their own, got undefined. Give 'read' or 'write'.",
    )
  })
})
