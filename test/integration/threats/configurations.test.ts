import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createRateLimiter,
  MemoryStore,
  type RateLimiter,
  type RateLimiterOptions,
  type Store,
} from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { type EmittedWarning, emittedBy } from '../../support/emitted-warnings.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'

type Write = NonNullable<RateLimiterOptions['write']>

const CLIENT = '203.0.113.7'

/** A version of the login limiter of an app. All versions have the same name. */
function loginLimiter(store: Store, write: Write): RateLimiter {
  return createRateLimiter({ name: 'login', read: false, write, store, storeDeadlineMs: 30_000 })
}

/** Lets the versions take turns, `logins` times. Returns how many logins each of them has allowed. */
async function takeTurns(versions: readonly RateLimiter[], logins: number): Promise<number[]> {
  const allowed = versions.map(() => 0)
  for (let login = 0; login < logins; login++) {
    const which = login % versions.length
    const decision = await versions[which]?.consume(CLIENT, { class: 'write' })
    if (decision?.allowed === true) allowed[which] = (allowed[which] ?? 0) + 1
  }
  return allowed
}

/** The warnings about dropped counters. */
async function boundWarnings(work: () => Promise<void>): Promise<EmittedWarning[]> {
  return (await emittedBy(work)).filter(({ code }) => code === 'TOLLGATE_COUNTERS_DROPPED')
}

/** @param storesOf several stores that share their counters, as the processes of a deployment have them */
function testConfigurations(storesOf: () => [first: Store, second: Store]): void {
  it('as a fixed window and a sliding window of one name, each allow their limit and no more', async () => {
    const [first, second] = storesOf()
    const fixed = loginLimiter(first, { limit: 5, windowSec: 900 })
    const sliding = loginLimiter(second, { limit: 5, windowSec: 900, algorithm: 'sliding-window' })
    expect(await takeTurns([fixed, sliding], 400)).toEqual([5, 5])
  })

  it('with other windows and sets of limits, each allow their limit and no more', async () => {
    const [first, second] = storesOf()
    const versions = [
      loginLimiter(first, { limit: 5, windowSec: 900 }),
      loginLimiter(second, { limit: 6, windowSec: 3600 }),
      loginLimiter(second, { limit: 7, windowSec: 900, algorithm: 'token-bucket' }),
      loginLimiter(first, [
        { limit: 3, windowSec: 600, name: 'login' },
        { limit: 4, windowSec: 86_400, name: 'day' },
      ]),
    ]
    expect(await takeTurns(versions, 400)).toEqual([5, 6, 7, 3])
  })

  it('share the count of limits that differ only in the amount', async () => {
    const [first, second] = storesOf()
    const before = loginLimiter(first, { limit: 5, windowSec: 900 })
    const after = loginLimiter(second, { limit: 8, windowSec: 900 })
    expect(await takeTurns([before], 4)).toEqual([4])
    expect(await takeTurns([after], 400)).toEqual([4])
    expect(await takeTurns([before, after], 400)).toEqual([0, 0])
  })

  it('share a ban', async () => {
    const [first, second] = storesOf()
    const fixed = loginLimiter(first, { limit: 5, windowSec: 900 })
    const sliding = loginLimiter(second, { limit: 5, windowSec: 60, algorithm: 'sliding-window' })
    await fixed.block(CLIENT, 600)
    expect(await takeTurns([fixed, sliding], 40)).toEqual([0, 0])
    await sliding.unblock(CLIENT)
    expect(await takeTurns([fixed, sliding], 40)).toEqual([5, 5])
  })
}

/** @param storeOf a store with a clock of the test */
function testBound(storeOf: (clock: FakeClock) => Store): void {
  /** Fixed windows of one name. Each is longer than the one before. */
  const windows = (count: number): ReturnType<typeof limitOf>[] =>
    Array.from({ length: count }, (_, index) => limitOf(1, { windowMs: 60_000 + index }))

  it('keeps 16 counters of a client, drops those that are over first, and warns once', async () => {
    const store = storeOf(new FakeClock())
    const limits = windows(19)
    const warnings = await boundWarnings(async () => {
      for (const limit of limits) await store.consume(chargeOf('client', [limit]))
    })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.message).toContain('more than 16 counters')
    const remaining: unknown[] = []
    for (const limit of limits) {
      remaining.push((await store.peek?.(chargeOf('client', [limit])))?.limits[0]?.remaining)
    }
    expect(remaining).toEqual(limits.map((_, index) => (index < 3 ? 1 : 0)))
  })

  it('does not warn if the earlier counters of a client are over', async () => {
    const clock = new FakeClock()
    const store = storeOf(clock)
    const warnings = await boundWarnings(async () => {
      for (const limit of windows(40)) {
        await store.consume(chargeOf('client', [limit]))
        clock.advance(5000)
      }
    })
    expect(warnings).toEqual([])
  })

  it('writes nothing to the counters of any limit when it refuses', async () => {
    const clock = new FakeClock()
    const store = storeOf(clock)
    const [short = limitOf(1), long = limitOf(1)] = [1000, 60_000].map((windowMs) => limitOf(1, { windowMs }))
    for (const limit of [short, long]) await store.consume(chargeOf('client', [limit]))
    const rule = banRule(90, 60_000, 1000)
    for (let refusal = 0; refusal < 20; refusal++) {
      clock.advance(50)
      const { allowed } = await store.consume(chargeOf('client', [long], 1, rule))
      expect(allowed).toBe(false)
    }
    expect((await store.consume(chargeOf('client', [short]))).allowed).toBe(true)
    expect((await store.peek?.(chargeOf('client', [long])))?.retryAfterMs).toBe(59_000)
  })
}

describe('threat 32: two versions of a limiter on one MemoryStore', () => {
  testConfigurations(() => {
    const store = new MemoryStore()
    return [store, store]
  })

  testBound((clock) => new MemoryStore({ clock }))
})

describeRedis('threat 32: two versions of a limiter on one Redis', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  let client: ReturnType<typeof createClient>
  let tests = 0
  beforeAll(async () => {
    server = await anyRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  testConfigurations(() => {
    const prefix = `configurations:${process.pid}:${tests++}`
    // Without the cache, a store sees at once that another one has ended a ban.
    const made = (): Store => new RedisStore({ client, prefix, refusalCache: false, deadlineMs: 30_000 })
    return [made(), made()]
  })

  testBound((clock) => {
    const prefix = `configurations:${process.pid}:${tests++}`
    return new RedisStore({ client, prefix, clock, deadlineMs: 30_000 })
  })
})
