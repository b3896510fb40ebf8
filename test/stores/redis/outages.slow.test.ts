import { once } from 'node:events'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createRateLimiter, type Decision, type RateLimiter } from '../../../src/index.ts'
import type { RedisClient } from '../../../src/stores/redis/clients/detect-client.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { CLIENTS, type ConnectedClient } from '../../support/redis/clients.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { LimitedProcesses } from '../../support/redis/limited-processes.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import { freePort, type RedisServer, startRedis } from '../../support/redis/redis-server.ts'

const LIMIT = 100
/** So long that a busy machine does not look like an outage. */
const DEADLINE_MS = 1000
const FAILURES_THAT_OPEN = 5
const PATIENCE = { timeout: 60_000, interval: 20 }
const SILENT = { info: () => undefined, warn: () => undefined }

let server: RedisServer
let admin: Redis
let connection: ConnectedClient
let store: RedisStore
let limiter: RateLimiter
let consumed: MockInstance<RedisStore['consume']>

expectNoProcessErrors()

async function start(client: string): Promise<void> {
  server = await startRedis()
  admin = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  admin.on('error', () => undefined)
  connection = await (CLIENTS[client] as (url: string) => Promise<ConnectedClient>)(server.url)
  store = new RedisStore({ client: connection.client, deadlineMs: DEADLINE_MS })
  consumed = vi.spyOn(store, 'consume')
  limiter = createRateLimiter({ read: LIMIT, windowSec: 3600, store, logger: SILENT })
  await vi.waitFor(() => store.unblock('nobody'), PATIENCE)
}

async function stop(): Promise<void> {
  await limiter.close()
  await store.close()
  await connection.close()
  admin.disconnect()
  await server.stop()
}

const consume = (key: string): Promise<Decision> => limiter.consume(key, { class: 'read' })

const remaining = async (key: string): Promise<number | undefined> =>
  (await consume(key)).limits[0]?.remaining

async function use(key: string, count: number): Promise<void> {
  for (let used = 0; used < count; used++) await consume(key)
}

/** Sends requests until the circuit breaker is closed: `health()` does not call Redis. */
async function recovered(): Promise<void> {
  // Fewer than five failures do not open the circuit, and it may be closed before Redis works.
  await vi.waitFor(() => store.unblock('nobody'), PATIENCE)
  await vi.waitFor(async () => {
    await consume('probe')
    expect(limiter.health().state).toBe('closed')
  }, PATIENCE)
}

async function failsUntilOpen(): Promise<void> {
  await vi.waitFor(async () => {
    await consume('unlucky')
    expect(limiter.health().state).not.toBe('closed')
  }, PATIENCE)
}

/** How many scripts the server has run since `CONFIG RESETSTAT`. */
async function scriptsRun(): Promise<number> {
  const info = await admin.info('commandstats')
  return ['evalsha', 'eval']
    .map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0))
    .reduce((sum, calls) => sum + calls, 0)
}

async function restart(): Promise<void> {
  const { port } = server
  await server.stop()
  server = await startRedis([], port)
}

async function kill(): Promise<void> {
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
}

describeRedisServer('an outage of Redis', () => {
  describe.each(['ioredis 6', 'node-redis 6'])('with %s', (client) => {
    beforeEach(() => start(client))
    afterEach(stop)

    it('that stops it for a while is survived, and only charges that were sent arrive late', async () => {
      await use('client', 90)
      await admin.config('RESETSTAT')
      server.process.kill('SIGSTOP')
      consumed.mockClear()
      const remainders: (number | undefined)[] = []
      for (let turn = 0; turn < 12; turn++) remainders.push(await remaining('client'))
      // Ten units were left, and ten are granted.
      expect(remainders).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0])
      expect(limiter.health().state).not.toBe('closed')
      expect(limiter.health().lastError?.code).toBe('store_timeout')
      await use('another', 200)
      const sent = consumed.mock.calls.length
      expect(sent).toBeGreaterThanOrEqual(FAILURES_THAT_OPEN)
      server.process.kill('SIGCONT')
      await vi.waitFor(() => expect(limiter.health().lateReplies).toBe(sent), PATIENCE)
      expect(await scriptsRun()).toBe(sent)
      await recovered()
      // One script more: `recovered` unblocks a client.
      expect(await scriptsRun()).toBe(consumed.mock.calls.length + 1)
    })

    it('that ends its process is survived, and Redis starts again without data', async () => {
      await use('heavy', 90)
      await use('refused', LIMIT + 1)
      await limiter.block('blocked', 3600)
      await consume('blocked')
      await kill()
      expect((await consume('refused')).allowed).toBe(false)
      expect(await consume('blocked')).toMatchObject({ allowed: false, ban: { isNew: false } })
      expect(await remaining('heavy')).toBe(9)
      await failsUntilOpen()
      await use('heavy', 9)
      expect((await consume('heavy')).allowed).toBe(false)
      expect((await consume('refused')).allowed).toBe(false)
      expect((await consume('blocked')).allowed).toBe(false)
      consumed.mockClear()
      await restart()
      const keys = Number(await admin.dbsize())
      expect(keys).toBeLessThanOrEqual(1)
      await recovered()
      expect(await remaining('new client')).toBe(LIMIT - 1)
      expect(await remaining('new client')).toBe(LIMIT - 2)
    })

    it('with an immediate restart loses only the counters', async () => {
      await use('client', 10)
      await kill()
      await restart()
      await recovered()
      expect(
        (await store.peek({ key: 'default:read:client', limits: lastLimits(), cost: 1 })).limits,
      ).toMatchObject([{ remaining: LIMIT }])
    })

    it('that loses the scripts has no effect', async () => {
      await use('client', 10)
      await admin.script('FLUSH')
      await admin.config('RESETSTAT')
      expect(await remaining('client')).toBe(LIMIT - 11)
      expect(await scriptsRun()).toBe(2)
      expect(await remaining('client')).toBe(LIMIT - 12)
      expect(await scriptsRun()).toBe(3)
      expect(limiter.health()).toMatchObject({ state: 'closed', lastError: undefined })
    })

    it('that loses the counters lets counting start again', async () => {
      await use('client', 10)
      await admin.flushall()
      expect(await remaining('client')).toBe(LIMIT - 1)
      expect(limiter.health()).toMatchObject({ state: 'closed', lastError: undefined })
    })

    it('that pauses its writes is survived', async () => {
      await use('client', 90)
      // It pauses scripts, but not this connection, which has to end the pause.
      await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE')
      expect(await remaining('client')).toBe(9)
      expect(limiter.health().lastError?.code).toBe('store_timeout')
      await failsUntilOpen()
      await admin.call('CLIENT', 'UNPAUSE')
      await recovered()
    })

    it('that leaves it no memory is survived', async () => {
      await use('client', 90)
      await admin.config('SET', 'maxmemory', '1')
      expect(await remaining('client')).toBe(9)
      expect(limiter.health().lastError?.code).toBe('store_failed')
      expect(limiter.health().lastError?.message).toMatch(
        /^the store failed: OOM command not allowed when used memory > 'maxmemory'/,
      )
      expect(limiter.health().state).toBe('closed')
      await admin.config('SET', 'maxmemory', '0')
      await recovered()
      // The counters of this process are not added to those of Redis.
      expect(await remaining('client')).toBe(9)
    })

    it('that makes a replica of it is survived', async () => {
      await use('client', 90)
      await admin.replicaof('127.0.0.1', await freePort())
      expect(await remaining('client')).toBe(9)
      expect(limiter.health().lastError?.message).toMatch(
        /^the store failed: READONLY You can't write against a read only replica/,
      )
      await failsUntilOpen()
      await admin.call('REPLICAOF', 'NO', 'ONE')
      await recovered()
      expect(await remaining('client')).toBe(9)
    })
  })
})

describeRedisServer('a Redis that does not run when the process starts', () => {
  afterEach(stop)

  it('is used as soon as it runs', async () => {
    const port = await freePort()
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true })
    await expectUseAfterStart(client, port)
  })

  it('is used as soon as it runs, with node-redis', async () => {
    const port = await freePort()
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => undefined)
    // The test does not wait for it: the client tries again until there is a server.
    const connecting = client.connect()
    await expectUseAfterStart(client, port)
    await connecting
    client.destroy()
  })
})

async function expectUseAfterStart(client: RedisClient, port: number): Promise<void> {
  store = new RedisStore({ client, deadlineMs: DEADLINE_MS })
  limiter = createRateLimiter({ read: LIMIT, windowSec: 3600, store, logger: SILENT })
  for (let left = LIMIT - 1; left > LIMIT - 10; left--) expect(await remaining('early')).toBe(left)
  expect(limiter.health()).toMatchObject({ state: 'open', lateReplies: 0 })
  expect(limiter.health().lastError?.message).toMatch(/^the store failed: Redis is not connected: /)
  server = await startRedis([], port)
  admin = new Redis(server.url)
  connection = { client, close: async () => undefined }
  await recovered()
  // The client has kept no command from before.
  expect(await remaining('early')).toBe(LIMIT - 1)
}

describeRedisServer('an outage under the load of four processes', () => {
  const PROCESSES = 4
  const PER_CLIENT = 40
  const REQUESTS = 50
  let processes: LimitedProcesses

  afterEach(async () => {
    await processes.stop()
    await server.stop()
  })

  it('leaves no request without an answer, and grants no more than documented', async () => {
    server = await startRedis()
    const clients = ['ioredis 6', 'node-redis 6', 'ioredis 5', 'node-redis 5']
    processes = await LimitedProcesses.start(
      clients.map((client) => ({ redisUrl: server.url, client, limit: PER_CLIENT, share: 1 / PROCESSES })),
    )
    await circuitsClosed()
    expect(await processes.allowed('while up', REQUESTS)).toBe(PER_CLIENT)

    const load = processes.allowed('during the kill', 8 * REQUESTS)
    await kill()
    // Redis has granted the limit, and then each process grants its share.
    expect(await load).toBeLessThanOrEqual(2 * PER_CLIENT)

    // Each process grants its share, and still refuses a client that it has refused before.
    expect(await processes.allowed('while down', REQUESTS)).toBe(PER_CLIENT)
    expect(await processes.allowed('while up', REQUESTS)).toBe(0)
    for (const state of await processes.states()) expect(state).not.toBe('closed')

    await restartUnderLoad()
    expect(await processes.allowed('after the restart', REQUESTS)).toBe(PER_CLIENT)
    expect([...processes.statuses.keys()].sort()).toEqual([200, 429])
    expect(processes.ended).toBe(0)
  })

  async function restartUnderLoad(): Promise<void> {
    const load = processes.allowed('during the restart', 8 * REQUESTS)
    await restart()
    expect(await load).toBeLessThanOrEqual(2 * PER_CLIENT)
    await circuitsClosed()
  }

  async function circuitsClosed(): Promise<void> {
    await vi.waitFor(async () => {
      await processes.allowed('probe', 1, 1)
      expect(new Set(await processes.states())).toEqual(new Set(['closed']))
    }, PATIENCE)
  }
})

/** The limits of the last charge. Several charges have the same array. */
function lastLimits(): Parameters<RedisStore['peek']>[0]['limits'] {
  const charge = consumed.mock.lastCall?.[0]
  if (charge === undefined) throw new Error('no charge')
  return charge.limits
}
