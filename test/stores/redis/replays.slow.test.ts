import { Cluster as Cluster6, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis-5'
import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { withDeadline } from '../../../src/stores/resilience/deadline.ts'
import { limitOf } from '../../support/charges.ts'
import { CLIENTS, type ConnectedClient } from '../../support/redis/clients.ts'
import { NO_FAULT } from '../../support/redis/faults.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import { errorReply } from '../../support/redis/resp.ts'
import { ScriptedRedis } from '../../support/redis/scripted-redis.ts'

const LIMITS = [{ ...limitOf(3), name: 'read' }]
const DEADLINE_MS = 300
const AT_ONCE = 20
const PATIENCE = { timeout: 60_000, interval: 10 }

type Connect = (redis: ScriptedRedis) => Promise<ConnectedClient>

const cluster =
  (Cluster: typeof Cluster5 | typeof Cluster6): Connect =>
  async ({ port }) => {
    const client = new Cluster([{ host: '127.0.0.1', port }])
    client.on('error', () => undefined)
    return { client: client as never, close: async () => client.disconnect() }
  }

const CONNECTIONS: Readonly<Record<string, Connect>> = {
  ...Object.fromEntries(
    Object.entries(CLIENTS).map(([name, connect]): [string, Connect] => [name, ({ url }) => connect(url)]),
  ),
  'node-redis 6 without a queue': async ({ url }) => {
    const client = createClient({ url, disableOfflineQueue: true })
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: async () => client.destroy() }
  },
  'a cluster of ioredis 5': cluster(Cluster5),
  'a cluster of ioredis 6': cluster(Cluster6),
}

let redis: ScriptedRedis
let connection: ConnectedClient
let store: RedisStore | undefined

expectNoProcessErrors()

afterEach(async () => {
  await store?.close()
  store = undefined
  await connection.close()
  await redis.stop()
})

/** The keys of all operations that Redis has received. */
function receivedKeys(): readonly string[] {
  return redis.received.flatMap(([name, , keys, ...words]) =>
    isScript(name) ? words.slice(0, Number(keys)) : [],
  )
}

/** How often Redis has received a charge of a client. */
function received(key: string): number {
  return receivedKeys().filter((redisKey) => redisKey.endsWith(`:${key}`)).length
}

function isScript(name = ''): boolean {
  return ['EVALSHA', 'EVAL'].includes(name.toUpperCase())
}

const charge = (key: string): Promise<unknown> =>
  Promise.resolve(store?.consume({ key, limits: LIMITS, cost: 1, refundable: false }))

/** Settles at the deadline of a limiter. */
const settledInTime = (outcome: Promise<unknown>): Promise<unknown> =>
  withDeadline(outcome, DEADLINE_MS, () => new Error('late')).catch((error: unknown) => error)

/** Charges another client until Redis answers. Then the connection works again. */
const connectedAgain = (): Promise<unknown> => vi.waitFor(() => charge('another'), PATIENCE)

describe.each(Object.entries(CONNECTIONS))('%s', (name, connect) => {
  const isCluster = name.includes('cluster')
  // The store does not know what such a client does with commands. The one in these tests has a queue.
  const keepsCommands = name === 'a sendCommand function'
  // These versions write commands after a turn of the event loop, and keep a command that they could not
  // write.
  const writesLater = name === 'node-redis 5' || name === 'node-redis 6'
  beforeEach(async () => {
    redis = await ScriptedRedis.start(NO_FAULT, { isCluster })
    connection = await connect(redis)
    store = new RedisStore({ client: connection.client, deadlineMs: DEADLINE_MS })
    // After it, the store loads no script, whose answer a broken connection could cut in two.
    await vi.waitFor(() => store?.ready(), PATIENCE)
    redis.forget()
  })

  it('does not send a charge again if its answer was lost', async () => {
    redis.scenario = () => ({ hangsUp: true })
    await expect(charge('lost')).rejects.toThrow()
    redis.scenario = NO_FAULT
    await connectedAgain()
    await connectedAgain()
    expect(received('lost')).toBe(1)
  })

  it('does not send charges again if Redis ended before it answered', async () => {
    redis.scenario = () => ({})
    const keys = Array.from({ length: AT_ONCE }, (_, index) => `lost-${index}`)
    const charges = Promise.allSettled(keys.map(charge))
    await vi.waitFor(() => expect(receivedKeys()).toHaveLength(AT_ONCE), PATIENCE)
    redis.scenario = NO_FAULT
    redis.reset()
    expect(new Set((await charges).map(({ status }) => status))).toEqual(new Set(['rejected']))
    await connectedAgain()
    await connectedAgain()
    expect(keys.map(received)).toEqual(keys.map(() => 1))
  })

  // A client with a queue may keep commands.
  if (!keepsCommands)
    it('keeps no charge that comes while Redis ends', async () => {
      const { port } = redis
      const outcomes: Promise<unknown>[] = []
      // After a timer, the client reads the loss of the connection before it writes the next charge.
      await new Promise((resolve) => setTimeout(resolve, 1))
      redis.reset()
      const stopped = redis.stop()
      for (let turn = 0; turn < 40; turn++) {
        outcomes.push(settledInTime(charge(`dying-${turn}`)))
        await new Promise((resolve) => (turn % 2 === 0 ? setImmediate(resolve) : setTimeout(resolve, 0)))
      }
      await Promise.all([stopped, ...outcomes])
      redis = await ScriptedRedis.start(NO_FAULT, { isCluster, port })
      await connectedAgain()
      await connectedAgain()
      const [first = 0, ...others] = outcomes.map((_, index) => received(`dying-${index}`))
      expect(first).toBeLessThanOrEqual(writesLater ? 1 : 0)
      expect(others).toEqual(others.map(() => 0))
    })

  if (!keepsCommands)
    it('keeps no charge while Redis does not run', async () => {
      const { port } = redis
      await redis.stop()
      // A client may leave the promise of a command pending that it wrote while the connection ended.
      const isDown = async (): Promise<void> =>
        expect(await settledInTime(charge('another'))).toBeInstanceOf(Error)
      await vi.waitFor(isDown, PATIENCE)
      const keys = Array.from({ length: AT_ONCE }, (_, index) => `early-${index}`)
      await Promise.all(keys.map((key) => settledInTime(charge(key))))
      redis = await ScriptedRedis.start(NO_FAULT, { isCluster, port })
      await connectedAgain()
      await connectedAgain()
      expect(keys.map(received)).toEqual(keys.map(() => 0))
    })

  it('does not send a charge again if the cluster is down', async () => {
    redis.scenario = () => ({ text: errorReply('CLUSTERDOWN The cluster is down') })
    await expect(charge('down')).rejects.toThrow('CLUSTERDOWN The cluster is down')
    redis.scenario = NO_FAULT
    await connectedAgain()
    expect(received('down')).toBe(1)
  })
})

describe('a client of ioredis that the application has created', () => {
  const lostOnce = (redis: ScriptedRedis): void => {
    redis.scenario = (_words, turn) => (turn === 0 ? { hangsUp: true } : NO_FAULT(['EVALSHA', '', '1'], turn))
  }

  it('sends a command again if its answer was lost, which proves that these tests can fail', async () => {
    redis = await ScriptedRedis.start(NO_FAULT)
    connection = await (CLIENTS['ioredis 6'] as (url: string) => Promise<ConnectedClient>)(redis.url)
    lostOnce(redis)
    await (connection.client as unknown as Redis).evalsha('0'.repeat(40), 1, 'key:lost')
    expect(received('lost')).toBe(2)
  })

  it('gets no commands of the store, which opens a connection of its own', async () => {
    redis = await ScriptedRedis.start(NO_FAULT)
    const client = new Redis(redis.url, { lazyConnect: true })
    store = new RedisStore({ client, deadlineMs: DEADLINE_MS })
    connection = { client, close: async () => client.disconnect() }
    await connectedAgain()
    expect(client.status).toBe('wait')
    expect(redis.connections).toBe(1)
    await store.close()
    await vi.waitFor(() => expect(redis.open).toBe(0), PATIENCE)
  })
})
