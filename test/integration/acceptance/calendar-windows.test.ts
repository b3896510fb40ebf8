import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

describe.each(EXPRESS_VERSIONS)('calendar windows on %s', (_name, express) => {
  function appAt(
    time: string,
    options: RateLimiterOptions,
  ): { app: ReturnType<typeof express>; clock: FakeClock } {
    const clock = new FakeClock(Date.parse(time))
    const app = express()
    app.use(createRateLimiter({ ...options, clock }))
    app.use((_req: unknown, res: { json(body: object): void }) => res.json({}))
    return { app, clock }
  }

  /** The status and the headers of a response. */
  async function get(app: ReturnType<typeof express>): Promise<Record<string, unknown>> {
    const { status, headers } = await request(app).get('/')
    return {
      status,
      retryAfter: headers['retry-after'],
      reset: headers['x-ratelimit-reset'],
      policy: headers['ratelimit-policy'],
      state: headers.ratelimit,
    }
  }

  const month = { limit: 2, per: 'month', timeZone: 'Europe/Berlin', startsOn: 5 } as const

  it('refuse until the calendar says, and show the length of the present window', async () => {
    const { app, clock } = appAt('2026-03-04T22:00:00.250Z', { limit: month, standardHeaders: true })
    const reset = String(Date.parse('2026-03-04T23:00:00Z') / 1000)
    const policy = `"any";q=2;w=${28 * 86_400}`
    expect(await get(app)).toEqual({ status: 200, reset, policy, state: '"any";r=1;t=3600' })
    expect(await get(app)).toEqual({ status: 200, reset, policy, state: '"any";r=0;t=3600' })
    const refused = { status: 429, retryAfter: '3600', reset, policy, state: '"any";r=0;t=3600' }
    expect(await get(app)).toEqual(refused)
    clock.set(Date.parse('2026-03-04T22:59:59.999Z'))
    expect(await get(app)).toMatchObject({ status: 429, retryAfter: '1' })
    clock.set(Date.parse('2026-03-04T23:00:00Z'))
    // 31 days in which clocks go forward.
    expect(await get(app)).toEqual({
      status: 200,
      reset: String(Date.parse('2026-04-04T22:00:00Z') / 1000),
      policy: `"any";q=2;w=${31 * 86_400 - 3600}`,
      state: `"any";r=1;t=${31 * 86_400 - 3600}`,
    })
  })

  it('are shown by the older formats too', async () => {
    const time = '2026-10-25T12:00:00Z'
    const limit = { limit: 10, per: 'day', timeZone: 'Europe/Berlin' } as const
    const older = appAt(time, { limit, standardHeaders: 'draft-7', resetFormat: 'delta' })
    expect(await get(older.app)).toMatchObject({
      reset: '39600',
      policy: '10;w=90000',
      state: 'limit=10, remaining=9, reset=39600',
    })
    older.clock.set(Date.parse('2026-10-26T12:00:00Z'))
    expect(await get(older.app)).toMatchObject({ policy: '10;w=86400' })
  })

  it('hold beside other limits, and in plans', async () => {
    const plans = {
      free: {
        limit: [
          { limit: 3, per: 'week' },
          { limit: 2, windowSec: 60 },
        ],
      },
      pro: { read: { limit: 100, per: 'month' }, write: 5 },
    } as const
    let plan = 'free'
    const { app, clock } = appAt('2026-03-01T23:58:00Z', { plans, plan: () => plan, standardHeaders: true })
    expect(await get(app)).toMatchObject({ policy: '"any-week";q=3;w=604800, "any-1m";q=2;w=60' })
    await get(app)
    expect(await get(app)).toMatchObject({ status: 429, retryAfter: '60' })
    clock.advance(60_000)
    expect((await get(app)).status).toBe(200)
    expect(await get(app)).toMatchObject({ status: 429, retryAfter: '60' })
    plan = 'pro'
    expect(await get(app)).toMatchObject({ status: 200, policy: `"read";q=100;w=${31 * 86_400}` })
    plan = 'free'
    clock.advance(60_000)
    expect(await get(app)).toMatchObject({ status: 200, state: '"any-week";r=2;t=604800, "any-1m";r=1;t=60' })
  })

  it('keep their count when a client changes its plan, and are settled', async () => {
    const plans = {
      free: { limit: { limit: 3, per: 'day' } },
      pro: { limit: { limit: 10, per: 'day' } },
    } as const
    const clock = new FakeClock(Date.parse('2026-03-01T22:00:00Z'))
    const limiter = createRateLimiter({ plans, plan: () => 'free', clock })
    const consume = async (plan: string, cost = 1) => limiter.consume('192.0.2.1', { plan, cost })
    await consume('free', 3)
    expect(await consume('free')).toMatchObject({ allowed: false, retryAfterMs: 7_200_000 })
    const { receipt, limits } = await consume('pro', 2)
    expect(limits[0]?.remaining).toBe(5)
    expect(await limiter.settle(receipt, 40)).toBe(17)
    expect(await consume('pro')).toMatchObject({ allowed: false, retryAfterMs: 7_200_000 })
    clock.advance(7_200_000)
    expect((await consume('pro')).limits[0]?.remaining).toBe(9)
    expect(await limiter.settle(receipt, 0)).toBe(17)
    await limiter.close()
  })

  it('of 0 units refuse everybody until the window ends', async () => {
    const { app } = appAt('2026-03-04T12:00:00Z', { limit: { limit: 0, per: 'day' }, standardHeaders: true })
    expect(await get(app)).toMatchObject({ status: 429, retryAfter: '43200', policy: '"any";q=0;w=86400' })
    const banning = {
      limit: { limit: 0, per: 'hour' },
      ban: { after: 2, withinSec: 60, forSec: 7200 },
    } as const
    const { app: other } = appAt('2026-03-04T12:00:00Z', banning)
    expect(await get(other)).toMatchObject({ status: 429, retryAfter: '3600' })
    expect(await get(other)).toMatchObject({ status: 429, retryAfter: '7200' })
  })
})
