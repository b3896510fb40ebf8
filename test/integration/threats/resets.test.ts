import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { ALGORITHMS, type ForEachAlgorithm } from './algorithms.ts'

const HOUR_MS = 3_600_000
const THIRTY_DAYS_SEC = 30 * 86_400

/** Six units in a minute. A bucket regains one in 10 seconds. */
const SIX_IN_A_MINUTE = { limit: 6, windowSec: 60 }

/** Milliseconds from the charge of all six units until units come back. */
const RELEASE_MS: ForEachAlgorithm<number> = {
  'fixed-window': 60_000,
  'sliding-window': 60_000,
  'token-bucket': 10_000,
}

/** The number of units that come back then. */
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

    /**
     * Sends requests until one is refused. Resolves to the number of allowed ones, and to Retry-After of the
     * last one.
     */
    async function sendUntilRefused(app: ReturnType<typeof express>): Promise<[number, string | undefined]> {
      for (let allowed = 0; allowed < 50; allowed++) {
        const { status, headers } = await request(app).get('/')
        if (status === 429) return [allowed, headers['retry-after']]
        expect(status).toBe(200)
      }
      throw new Error('no request was refused')
    }

    it.each([0, 1_700_000_000_000])(
      'a request is refused a millisecond before units come back, and allowed at that time (clock at %d)',
      async (startMs) => {
        const clock = new FakeClock(startMs)
        const app = appWith({ read: { ...SIX_IN_A_MINUTE, algorithm }, clock })
        const waitSec = String(RELEASE_MS[algorithm] / 1000)
        expect(await sendUntilRefused(app)).toEqual([6, waitSec])
        clock.advance(RELEASE_MS[algorithm] - 1)
        expect(await sendUntilRefused(app)).toEqual([0, '1'])
        clock.advance(1)
        expect(await sendUntilRefused(app)).toEqual([RELEASED[algorithm], waitSec])
      },
    )

    it.each([0, 1_700_000_000_000])(
      'a window of 30 days ends after exactly 30 days (clock at %d)',
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

    it('a clock that is set back by an hour allows no request too early, and does not extend the wait by an hour', async () => {
      const clock = new FakeClock(HOUR_MS)
      const app = appWith({ read: { ...SIX_IN_A_MINUTE, algorithm }, clock })
      const waitSec = String(RELEASE_MS[algorithm] / 1000)
      expect(await sendUntilRefused(app)).toEqual([6, waitSec])
      clock.set(clock.now() - HOUR_MS)
      // All six units are still used.
      expect(await sendUntilRefused(app)).toEqual([0, waitSec])
      clock.advance(RELEASE_MS[algorithm] - 1)
      expect(await sendUntilRefused(app)).toEqual([0, '1'])
      clock.advance(1)
      expect(await sendUntilRefused(app)).toEqual([RELEASED[algorithm], waitSec])
    })

    it('a clock that is set back again and again allows no request', async () => {
      const clock = new FakeClock(HOUR_MS)
      const app = appWith({ read: { ...SIX_IN_A_MINUTE, algorithm }, clock })
      await sendUntilRefused(app)
      for (let turn = 0; turn < 20; turn++) {
        clock.set(clock.now() - HOUR_MS / 20)
        expect((await sendUntilRefused(app))[0]).toBe(0)
      }
    })
  })
})
