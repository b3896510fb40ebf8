import request from 'supertest'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Clock, createRateLimiter } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

const STARTED_MS = Date.UTC(2026, 0, 15, 12)
const HOUR_MS = 3_600_000

// Sockets and Express need real timers.
type Faked = NonNullable<NonNullable<Parameters<typeof vi.useFakeTimers>[0]>['toFake']>
const replace = (...toFake: Faked): void => void vi.useFakeTimers({ toFake, now: STARTED_MS })
afterEach(() => void vi.useRealTimers())

describe.each(EXPRESS_VERSIONS)('the clock of a limiter on %s', (_name, express) => {
  /** Sends a request. Returns its status, Retry-After, and in how many seconds its window ends by its headers. */
  function limitedApp(clock?: Clock): () => Promise<[number, number | undefined, number]> {
    const app = express()
    app.use(createRateLimiter({ read: 1, clock }))
    app.use((_req: unknown, res: { end(): void }) => void res.end())
    return async () => {
      const { status, headers } = await request(app).get('/')
      const retryAfter = headers['retry-after']
      const resetSec = Number(headers['x-ratelimit-reset']) - Math.floor(Date.now() / 1000)
      return [status, retryAfter === undefined ? undefined : Number(retryAfter), resetSec]
    }
  }

  describe('that follows the wall clock by choice (clock: Date)', () => {
    beforeEach(() => replace('Date'))

    it('ends a window by the wall clock', async () => {
      const send = limitedApp(Date)
      expect(await send()).toEqual([200, undefined, 60])
      vi.setSystemTime(STARTED_MS + 59_000)
      expect(await send()).toEqual([429, 1, 1])
      vi.setSystemTime(STARTED_MS + 60_000)
      expect(await send()).toEqual([200, undefined, 60])
    })

    it('grants nothing again after the clock was set back, and refuses for one window at most', async () => {
      const send = limitedApp(Date)
      expect(await send()).toEqual([200, undefined, 60])
      vi.setSystemTime(STARTED_MS - HOUR_MS)
      expect(await send()).toEqual([429, 60, 60])
      vi.setSystemTime(STARTED_MS - HOUR_MS + 59_000)
      expect(await send()).toEqual([429, 1, 1])
      vi.setSystemTime(STARTED_MS - HOUR_MS + 60_000)
      expect(await send()).toEqual([200, undefined, 60])
    })
  })

  it('stands still by default while the machine sleeps and the wall clock goes on', async () => {
    replace('Date', 'performance')
    const send = limitedApp()
    expect(await send()).toEqual([200, undefined, 60])
    vi.advanceTimersByTime(20_000)
    // A machine that wakes up finds another date, and its monotonic clock as it was.
    vi.setSystemTime(STARTED_MS + HOUR_MS)
    expect(await send()).toEqual([429, 40, 40])
    vi.advanceTimersByTime(40_000)
    expect(await send()).toEqual([200, undefined, 60])
  })

  it.each<[string, Clock | undefined]>([
    ['by default', undefined],
    ['with a function that looks Date up', { now: () => Date.now() }],
  ])('is turned by fake timers that were installed after the limiter was created, %s', async (_, clock) => {
    const send = limitedApp(clock)
    replace('Date', 'performance')
    expect(await send()).toEqual([200, undefined, 60])
    expect(await send()).toEqual([429, 60, 60])
    vi.advanceTimersByTime(60_000)
    expect(await send()).toEqual([200, undefined, 60])
  })
})
