import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { ALGORITHMS, type ForEachAlgorithm } from './algorithms.ts'

const HOUR_MS = 3_600_000
const THIRTY_DAYS_SEC = 30 * 86_400

/** Six units in a minute; a bucket regains one in 10 seconds. */
const SIX = { limit: 6, windowSec: 60 }

/** Milliseconds from the charge of all six units at once until the first one comes back. */
const RELEASE_MS: ForEachAlgorithm<number> = {
  'fixed-window': 60_000,
  'sliding-window': 60_000,
  'token-bucket': 10_000,
}

/** How many units are back then. */
const RELEASED: ForEachAlgorithm<number> = { 'fixed-window': 6, 'sliding-window': 6, 'token-bucket': 1 }

describe.each(EXPRESS_VERSIONS)('threat 15 on %s', (_name, express) => {
  describe.each(ALGORITHMS)('with a %s', (algorithm) => {
    function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
      const app = express()
      app.use(createRateLimiter(options))
      app.use((_req: Request, res: Response) => {
        res.json({})
      })
      return app
    }

    /** Sends requests until one is refused; how many were admitted, and the Retry-After of the last one. */
    async function admittedBy(app: ReturnType<typeof express>): Promise<[number, string | undefined]> {
      for (let admitted = 0; admitted < 50; admitted++) {
        const { status, headers } = await request(app).get('/')
        if (status === 429) return [admitted, headers['retry-after']]
        expect(status).toBe(200)
      }
      throw new Error('nobody was refused')
    }

    it.each([0, 1_700_000_000_000])(
      'refused in the millisecond before the release, admitted at it (clock at %d)',
      async (startMs) => {
        const clock = new FakeClock(startMs)
        const app = appWith({ read: { ...SIX, algorithm }, clock })
        const waitSec = String(RELEASE_MS[algorithm] / 1000)
        expect(await admittedBy(app)).toEqual([6, waitSec])
        clock.advance(RELEASE_MS[algorithm] - 1)
        expect(await admittedBy(app)).toEqual([0, '1'])
        clock.advance(1)
        expect(await admittedBy(app)).toEqual([RELEASED[algorithm], waitSec])
      },
    )

    it.each([0, 1_700_000_000_000])(
      'a window of 30 days ends after 30 days to the millisecond (clock at %d)',
      async (startMs) => {
        const clock = new FakeClock(startMs)
        const app = appWith({ read: { limit: 1, windowSec: THIRTY_DAYS_SEC, algorithm }, clock })
        await request(app)
          .get('/')
          .expect(200)
          .expect('X-RateLimit-Reset', String(startMs / 1000 + THIRTY_DAYS_SEC))
        clock.advance(1)
        await request(app).get('/').expect(429).expect('Retry-After', String(THIRTY_DAYS_SEC))
        clock.advance(THIRTY_DAYS_SEC * 1000 - 2)
        await request(app).get('/').expect(429).expect('Retry-After', '1')
        clock.advance(1)
        await request(app).get('/').expect(200)
      },
    )

    it('on a clock set back by an hour nobody is admitted too early, or waits for the hour too', async () => {
      const clock = new FakeClock(HOUR_MS)
      const app = appWith({ read: { ...SIX, algorithm }, clock })
      const waitSec = String(RELEASE_MS[algorithm] / 1000)
      expect(await admittedBy(app)).toEqual([6, waitSec])
      clock.advance(-HOUR_MS)
      // All six were used a moment ago, whatever the clock says now.
      expect(await admittedBy(app)).toEqual([0, waitSec])
      clock.advance(RELEASE_MS[algorithm] - 1)
      expect(await admittedBy(app)).toEqual([0, '1'])
      clock.advance(1)
      expect(await admittedBy(app)).toEqual([RELEASED[algorithm], waitSec])
    })

    it('a clock set back again and again buys nothing', async () => {
      const clock = new FakeClock(HOUR_MS)
      const app = appWith({ read: { ...SIX, algorithm }, clock })
      await admittedBy(app)
      for (let turn = 0; turn < 20; turn++) {
        clock.advance(-HOUR_MS / 20)
        expect((await admittedBy(app))[0]).toBe(0)
      }
    })
  })
})
