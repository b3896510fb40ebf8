import { RedisStore as StoreOfRateLimitRedis } from 'rate-limit-redis'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRateLimiter, type Store } from '../../../src/index.ts'
import { fromExpressRateLimitStore } from '../../../src/stores/express-rate-limit/index.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { freePort, type RedisServer, startRedis } from '../../support/redis/redis-server.ts'
import { serverCases } from './server-cases.ts'

type Client = ReturnType<typeof createClient>

const storeOf = (client: Client): Store =>
  fromExpressRateLimitStore(
    new StoreOfRateLimitRedis({ sendCommand: (...words: string[]) => client.sendCommand(words) as never }),
  )

describeRedisServer('the store of rate-limit-redis, with a server', () => {
  let server: RedisServer
  let client: Client
  beforeAll(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    client.on('error', () => undefined)
    await client.connect()
  })
  beforeEach(async () => void (await client.sendCommand(['FLUSHALL'])))
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  serverCases(() => storeOf(client), true)

  it('shows what is left of a client, with nothing charged', async () => {
    const limiter = createRateLimiter({
      limit: 2,
      store: storeOf(client),
      onStoreError: 'deny',
      storeDeadlineMs: 30_000,
    })
    expect(await limiter.peek('192.0.2.7')).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
    await limiter.consume('192.0.2.7')
    expect(await limiter.peek('192.0.2.7')).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
    await limiter.consume('192.0.2.7')
    const { allowed, retryAfterMs } = await limiter.peek('192.0.2.7')
    expect(allowed).toBe(false)
    expect(retryAfterMs).toBeGreaterThan(0)
    await limiter.reset('192.0.2.7')
    expect(await limiter.peek('192.0.2.7')).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
  })
})

describeRedisServer('the store of rate-limit-redis, with a server that is down when the app starts', () => {
  let client: Client
  let server: RedisServer | undefined
  afterEach(async () => {
    client.destroy()
    await server?.stop()
  })

  it('counts from the time when the server is up', async () => {
    const port = await freePort()
    client = createClient({
      url: `redis://127.0.0.1:${port}`,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: 50 },
    })
    client.on('error', () => undefined)
    client.connect().catch(() => undefined)
    const store = storeOf(client)
    const limiter = createRateLimiter({ limit: 5, store, storeDeadlineMs: 30_000 })
    // In memory meanwhile.
    expect(await limiter.consume('192.0.2.7')).toMatchObject({ allowed: true, limits: [{ remaining: 4 }] })
    await expect(store.ready?.()).rejects.toThrow()
    server = await startRedis([], port)
    await expect.poll(() => client.isReady).toBe(true)
    await store.ready?.()
    const charged = {
      key: 'some',
      limits: [
        {
          name: 'any',
          limit: 5,
          burst: 5,
          windowMs: 60_000,
          ttlMs: 90_000,
          algorithm: 'fixed-window' as const,
        },
      ],
      cost: 1,
    }
    expect(await store.consume(charged)).toMatchObject({ allowed: true, limits: [{ remaining: 4 }] })
    expect(await client.sendCommand(['KEYS', '*'])).toEqual(['rl:some'])
    await limiter.close()
  })
})
