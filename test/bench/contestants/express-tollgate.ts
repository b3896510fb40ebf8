import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Package from '../../../src/index.ts'
import type { Decision, Limit, MemoryStore } from '../../../src/index.ts'
import type * as RedisPart from '../../../src/stores/redis/index.ts'
import type { RedisClient } from '../../../src/stores/redis/index.ts'
import type {
  Contestant,
  CounterSettings,
  DirectCounter,
  RedisCounter,
  RedisCounterSettings,
  StoreStats,
} from './contestant.ts'
import { connectTo, type RedisConnection } from './redis-connection.ts'

/** A build is loaded from its file: the package as its users get it, whichever build that is. */
export async function loadBuild(dist: string): Promise<typeof Package> {
  return (await import(pathToFileURL(join(dist, 'index.js')).href)) as typeof Package
}

/** The part of the build that keeps counters in Redis. */
export async function loadRedisPart(dist: string): Promise<typeof RedisPart> {
  return (await import(pathToFileURL(join(dist, 'redis.js')).href)) as typeof RedisPart
}

/** A limit as the middleware compiles it, but for `ttlMs`, which it would make 30 seconds longer. */
function limitOf({ limit, windowMs }: Pick<CounterSettings, 'limit' | 'windowMs'>): Limit {
  return { name: 'read', limit, burst: limit, windowMs, ttlMs: windowMs, algorithm: 'fixed-window' }
}

/** Builds before the statistics came do not have them. */
function statsOf(store: MemoryStore): StoreStats | undefined {
  return (store as MemoryStore & { stats?(): StoreStats }).stats?.()
}

export const expressTollgate: Contestant = {
  name: 'express-tollgate',

  async createCounter(settings) {
    const { MemoryStore } = await loadBuild(settings.dist)
    const store = new MemoryStore({ maxKeys: settings.maxKeys })
    const limits = [limitOf(settings)]
    const counter: DirectCounter<Decision> = {
      answers: 'directly',
      ask: (key) => store.consume({ key, limits, cost: 1, refundable: false }),
      isAdmitted: ({ allowed }) => allowed,
      usedOf: ({ limits: [state] }) => settings.limit - (state?.remaining ?? Number.NaN),
      size: () => store.size,
      block: (key, forMs) => store.block(key, forMs),
      stats: () => statsOf(store),
      close: () => store.close(),
    }
    return counter
  },

  createRedisCounter: (settings) => counterInRedis(settings, ({ client }) => client),

  async createGate({ dist, limit, windowMs, maxKeys, headers }) {
    const { createRateLimiter, MemoryStore } = await loadBuild(dist)
    const store = new MemoryStore({ maxKeys })
    const handler = createRateLimiter({
      read: limit,
      windowSec: windowMs / 1000,
      standardHeaders: headers === 'draft',
      store,
    })
    return { handler, clients: () => store.size }
  },

  async createRedisGate({ dist, url, through, limit, windowMs }) {
    const { createRateLimiter } = await loadBuild(dist)
    const { RedisStore } = await loadRedisPart(dist)
    const connection = await connectTo(url, through)
    const store = new RedisStore({ client: connection.client })
    return {
      handler: createRateLimiter({ read: limit, windowSec: windowMs / 1000, store }),
      async close() {
        await store.close()
        connection.close()
      },
    }
  },
}

/** The same store through a function that sends commands: a call has the keys of one slot of a cluster. */
export const expressTollgateOneByOne: Contestant = {
  name: 'express-tollgate, one call each',
  createRedisCounter: (settings) =>
    counterInRedis(settings, ({ send }) => ({
      sendCommand: ([name = '', ...words]) => send([name, ...words]),
    })),
}

async function counterInRedis(
  settings: RedisCounterSettings,
  clientOf: (connection: RedisConnection) => RedisClient,
): Promise<RedisCounter> {
  const { RedisStore } = await loadRedisPart(settings.dist)
  const connection = await connectTo(settings.url, settings.through)
  const store = new RedisStore({ client: clientOf(connection) })
  const limits = [limitOf(settings)]
  // It opens a connection of its own, and here all begin with one that is there.
  await store.peek({ key: 'nobody', limits, cost: 1 })
  const counter: RedisCounter<Decision> = {
    ask: (key) => store.consume({ key, limits, cost: 1, refundable: false }),
    isAdmitted: ({ allowed }) => allowed,
    async usedOf(key) {
      const { limits: states } = await store.peek({ key, limits, cost: 1 })
      return settings.limit - (states[0]?.remaining ?? Number.NaN)
    },
    countsRefusals: false,
    async close() {
      await store.close()
      connection.close()
    },
  }
  return counter
}
