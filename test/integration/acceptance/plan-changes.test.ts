import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChosenAlgorithm, createRateLimiter, MemoryStore, type Store } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { CLIENTS, type ConnectedClient } from '../../support/redis/clients.ts'
import { NO_REDIS, type RedisServer, startRedis } from '../../support/redis/redis-server.ts'

const ALGORITHMS: readonly ChosenAlgorithm[] = ['fixed-window', 'sliding-window', 'token-bucket']

/** A client of a limiter with plans, as far as it changes its plan. */
function describeChanges(createStore: () => Store): void {
  describe.each(ALGORITHMS)('of a %s', (algorithm) => {
    // An hour: nothing comes back while the test runs.
    const limit = (units: number) => ({ limit: units, windowSec: 3600, algorithm })

    it('keeps what was used, at most what the new plan has', async () => {
      const store = createStore()
      const plans = { small: { limit: limit(3) }, free: { limit: limit(10) }, pro: { limit: limit(100) } }
      const limiter = createRateLimiter({ name: algorithm, store, plans, plan: () => 'free' })
      const left = async (plan: keyof typeof plans): Promise<number | undefined> =>
        (await limiter.peek('client', { plan })).limits[0]?.remaining
      await limiter.consume('client', { plan: 'free', cost: 4 })
      expect(await left('pro')).toBe(96)
      await limiter.consume('client', { plan: 'pro', cost: 2 })
      expect(await left('free')).toBe(4)
      expect((await limiter.consume('client', { plan: 'small' })).allowed).toBe(false)
      expect(await left('small')).toBe(0)
      expect((await limiter.consume('other', { plan: 'small' })).allowed).toBe(true)
      await limiter.close()
    })

    it('counts limits of another class, name or window apart', async () => {
      const store = createStore()
      const plans = {
        free: { limit: limit(1) },
        named: { limit: { ...limit(1), name: 'other' } },
        classes: { read: limit(1), write: limit(1) },
        day: { limit: { ...limit(1), windowSec: 86_400 } },
      }
      const limiter = createRateLimiter({ name: `${algorithm} apart`, store, plans, plan: () => 'free' })
      for (const options of [
        { plan: 'free' },
        { plan: 'named' },
        { plan: 'classes', class: 'read' },
        { plan: 'classes', class: 'write' },
        { plan: 'day' },
      ] as const) {
        expect((await limiter.consume('client', options)).allowed).toBe(true)
        expect((await limiter.consume('client', options)).allowed).toBe(false)
      }
      await limiter.close()
    })
  })
}

describe('a change of plan in memory', () => {
  const clock = new FakeClock()
  describeChanges(() => new MemoryStore({ clock }))
})

describe.skipIf(NO_REDIS !== undefined)('a change of plan in Redis', () => {
  let server: RedisServer | undefined
  let connected: ConnectedClient | undefined

  beforeAll(async () => {
    server = await startRedis()
    connected = await CLIENTS['ioredis 6']?.(server.url)
  })

  afterAll(async () => {
    await connected?.close()
    await server?.stop()
  })

  describeChanges(() => {
    if (connected === undefined) throw new Error('there is no client')
    return new RedisStore({ client: connected.client })
  })
})
