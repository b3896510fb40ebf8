import { createServer, type Server } from 'node:net'
import { Redis as Ioredis6 } from 'ioredis'
import { Redis as Ioredis5 } from 'ioredis-5'
import { createClient as createClient6 } from 'redis'
import { createClient as createClient4 } from 'redis-4'
import { createClient as createClient5 } from 'redis-5'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import type { RedisClient } from '../../../src/stores/redis/clients/detect-client.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { freePort, type RedisServer, startRedis } from '../../support/redis/redis-server.ts'
import { rejectionOf } from '../../support/thrown-by.ts'

const PASSWORD = 'correct-password'
const WRONG_PASSWORD = 'wrong-password'
const PATIENCE = { timeout: 120_000, interval: 20 }
const CONNECT_DEADLINE_MS = 300

/** Makes a client that connects in the background. */
type Create = (url: string) => { readonly client: RedisClient; close(): unknown }

const nodeRedis =
  (create: typeof createClient6): Create =>
  (url) => {
    const client = create({ url })
    client.on('error', () => undefined)
    client.connect().catch(() => undefined)
    return { client, close: () => client.destroy() }
  }

const ioredis =
  (Redis: new (url: string, options: object) => Ioredis5 | Ioredis6): Create =>
  (url) => {
    const client = new Redis(url, { lazyConnect: true })
    return { client, close: () => client.disconnect() }
  }

const CLIENTS: Readonly<Record<string, Create>> = {
  'ioredis 5': ioredis(Ioredis5),
  'ioredis 6': ioredis(Ioredis6),
  'node-redis 4': (url) => {
    const client = createClient4({ url })
    client.on('error', () => undefined)
    client.connect().catch(() => undefined)
    return { client, close: () => client.disconnect().catch(() => undefined) }
  },
  'node-redis 5': nodeRedis(createClient5 as never),
  'node-redis 6': nodeRedis(createClient6),
}

let redis: RedisServer
let replica: RedisServer
let plainServer: Server
const ports: { closed: number; plain: number } = { closed: 0, plain: 0 }

/** For each cause, the URL of a server, and what an error must name. */
const CAUSES: Readonly<Record<string, { url(): string; names: RegExp }>> = {
  'the password is missing': { url: () => redis.url, names: /NOAUTH/ },
  'the password is wrong': {
    url: () => redis.url.replace('//', `//:${WRONG_PASSWORD}@`),
    names: /WRONGPASS invalid username-password pair/,
  },
  'no server listens': {
    url: () => `redis://127.0.0.1:${ports.closed}`,
    names: /connect ECONNREFUSED 127\.0\.0\.1:\d+/,
  },
  'the host is unknown': {
    url: () => 'redis://no-such-host.invalid:6379',
    names: /getaddrinfo (ENOTFOUND|EAI_AGAIN) no-such-host\.invalid/,
  },
  'the server has no TLS': {
    url: () => `rediss://127.0.0.1:${ports.plain}`,
    names: /SSL|EPROTO|wrong version/,
  },
  'the server is a replica': {
    url: () => replica.url,
    names: /READONLY You can't write against a read only/,
  },
}

describeRedisServer('why Redis cannot be used (threat 38)', () => {
  beforeAll(async () => {
    redis = await startRedis(['--requirepass', PASSWORD])
    replica = await startRedis(['--replicaof', '127.0.0.1', '1'])
    plainServer = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    }).listen(0, '127.0.0.1')
    ports.closed = await freePort()
    ports.plain = (plainServer.address() as { port: number }).port
  })
  afterAll(async () => {
    plainServer.close()
    await Promise.all([redis.stop(), replica.stop()])
  })

  const closes: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closes.splice(0)) await close()
  })

  const storeFor = (name: string, url: string): RedisStore => {
    const { client, close } = (CLIENTS[name] as Create)(url)
    const store = new RedisStore({ client, connectDeadlineMs: CONNECT_DEADLINE_MS })
    closes.push(() => store.close(), close)
    return store
  }

  const tested = Object.keys(CLIENTS).flatMap((name) =>
    Object.keys(CAUSES).map((cause) => [name, cause] as const),
  )

  it.each(tested)(
    'is in the warning, in health() and in the error of ready(): %s, %s',
    async (name, cause) => {
      const { url, names } = CAUSES[cause] as (typeof CAUSES)[string]
      const store = storeFor(name, url())
      await vi.waitFor(
        async () => expect((await rejectionOf(store.ready())).message).toMatch(names),
        PATIENCE,
      )
      const warned: string[] = []
      const logger = { info: () => undefined, warn: (message: string) => warned.push(message) }
      const limiter = createRateLimiter({ read: 5, store, logger: logger as never })
      await vi.waitFor(async () => {
        await limiter.consume('client', { class: 'read' })
        expect(limiter.health().lastError?.message).toMatch(names)
      }, PATIENCE)
      expect(warned[0]).toMatch(
        /^The store of the limiter 'default' failed to decide, and onStoreError applies: /,
      )
      expect(warned[0]).toMatch(names)
      expect(JSON.stringify([warned, limiter.health().lastError?.message])).not.toContain(WRONG_PASSWORD)
      await limiter.close()
    },
  )

  it.each(Object.keys(CLIENTS))('is nothing: ready() resolves with the right password: %s', async (name) => {
    const store = storeFor(name, redis.url.replace('//', `//:${PASSWORD}@`))
    await vi.waitFor(() => store.ready(), PATIENCE)
  })
})
