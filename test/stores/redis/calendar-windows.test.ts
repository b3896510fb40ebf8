import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { calendarWindowAt } from '../../../src/limits/calendar.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { chargeOf } from '../../support/charges.ts'
import { calendarLimit } from '../../support/limits-by-algorithm.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Of all lengths, and of zones whose days end at other times. */
const LIMITS = [
  calendarLimit(5, 'minute'),
  calendarLimit(5, 'hour', 'Australia/Lord_Howe'),
  calendarLimit(5, 'day', 'Pacific/Kiritimati'),
  calendarLimit(5, 'week', 'America/New_York'),
  calendarLimit(5, 'month', 'Europe/Berlin', 31),
  calendarLimit(5, 'month', 'UTC', new Date().getUTCDate()),
]

describeRedis('calendar windows of processes with different clocks', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  let client: ReturnType<typeof createClient>
  let tests = 0
  let prefix = ''
  beforeAll(async () => {
    server = await anyRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })
  beforeEach(() => {
    prefix = `calendars:${process.pid}:${tests++}`
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** A store of a process whose clock differs from that of the server. What it is asked, it is asked by that clock. */
  function storeWithClock(aheadMs: number): (limits: readonly Limit[], cost?: number) => Promise<Decision> {
    const store = new RedisStore({ client, prefix, refusalCache: false, deadlineMs: 30_000 })
    const { now } = Date
    return async (limits, cost) => {
      vi.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs)
      try {
        return await store.consume(chargeOf('client', limits, cost))
      } finally {
        vi.restoreAllMocks()
      }
    }
  }

  it.each(LIMITS)('are those of the server: $calendar.id', async (limit) => {
    const stores = [storeWithClock(0), storeWithClock(DAY_MS), storeWithClock(-DAY_MS)]
    const [first] = stores
    // A window may end meanwhile, and then all is tried in the next one.
    const end = async (): Promise<number> => {
      const { resetMs = 0 } = (await first?.([{ ...limit, name: 'clock' }]))?.limits[0] ?? {}
      return Math.round((Date.now() + resetMs) / 1000) * 1000
    }
    let left: (number | undefined)[] = []
    let edge = 0
    do {
      edge = await end()
      left = []
      for (const consume of [...stores, ...stores]) {
        const { limits } = await consume([limit])
        left.push(limits[0]?.remaining)
        expect(Math.abs(Date.now() + (limits[0]?.resetMs ?? 0) - edge)).toBeLessThan(30_000)
      }
    } while (edge !== (await end()))
    expect(left).toEqual([4, 3, 2, 1, 0, 0])
    expect(limit.calendar && calendarWindowAt(limit.calendar, edge).startMs).toBe(edge)
  })

  it('are an error where the clock of a process is three days wrong, and nothing is counted', async () => {
    const month = calendarLimit(5, 'day')
    for (const aheadMs of [3 * DAY_MS, -3 * DAY_MS]) {
      await expect(storeWithClock(aheadMs)([month])).rejects.toThrow(
        /^ERR the clocks of Redis and of this process are more than a day apart, so the window of day UTC is not known/,
      )
    }
    expect((await storeWithClock(0)([month])).limits[0]?.remaining).toBe(4)
    // In a window that is open already, the end is known.
    expect((await storeWithClock(3 * DAY_MS)([month])).limits[0]?.remaining).toBe(3)
  })
})
