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
const PATIENCE = { timeout: 10_000, interval: 10 }

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

/** How often a charge of a client has come. */
function received(key: string): number {
  return redis.received.filter(([name, , , redisKey]) => isScript(name) && redisKey?.endsWith(`:${key}`))
    .length
}

function isScript(name = ''): boolean {
  return ['EVALSHA', 'EVAL'].includes(name.toUpperCase())
}

const charge = (key: string): Promise<unknown> =>
  Promise.resolve(store?.consume({ key, limits: LIMITS, cost: 1, refundable: false }))

/** Ends no later than a limiter would have gone on without an answer. */
const timely = (ending: Promise<unknown>): Promise<unknown> =>
  withDeadline(ending, DEADLINE_MS, () => new Error('late')).catch((error: unknown) => error)

/** Charges another client until that is answered: from then on the connection is there again. */
const backAgain = (): Promise<unknown> => vi.waitFor(() => charge('another'), PATIENCE)

describe.each(Object.entries(CONNECTIONS))('%s', (name, connect) => {
  const isCluster = name.includes('cluster')
  // Of what it sends through the store knows nothing; that of the tests has a queue.
  const keepsCommands = name === 'a sendCommand function'
  // It writes after a turn of the event loop, and keeps what it could not write by then, if it has a queue.
  const writesLater = name === 'node-redis 5' || name === 'node-redis 6'
  beforeEach(async () => {
    redis = await ScriptedRedis.start(NO_FAULT, { isCluster })
    connection = await connect(redis)
    store = new RedisStore({ client: connection.client, deadlineMs: DEADLINE_MS })
    await backAgain()
    redis.forget()
  })

  it('does not send a charge again whose answer was lost', async () => {
    redis.scenario = () => ({ hangsUp: true })
    await expect(charge('lost')).rejects.toThrow()
    redis.scenario = NO_FAULT
    await backAgain()
    await backAgain()
    expect(received('lost')).toBe(1)
  })

  it('does not send charges again that were under way when Redis died', async () => {
    redis.scenario = () => ({})
    const keys = Array.from({ length: AT_ONCE }, (_, index) => `lost-${index}`)
    const charges = Promise.allSettled(keys.map(charge))
    await vi.waitFor(() => expect(redis.received).toHaveLength(AT_ONCE), PATIENCE)
    redis.scenario = NO_FAULT
    redis.reset()
    expect(new Set((await charges).map(({ status }) => status))).toEqual(new Set(['rejected']))
    await backAgain()
    await backAgain()
    expect(keys.map(received)).toEqual(keys.map(() => 1))
  })

  // What a client of another kind keeps is its own business.
  if (!keepsCommands)
    it('keeps no charge for later that comes just when Redis dies', async () => {
      const { port } = redis
      const endings: Promise<unknown>[] = []
      // From a timer on, so that what is charged now is to be written after the loss was read.
      await new Promise((resolve) => setTimeout(resolve, 1))
      redis.reset()
      const stopped = redis.stop()
      for (let turn = 0; turn < 40; turn++) {
        endings.push(timely(charge(`dying-${turn}`)))
        await new Promise((resolve) => (turn % 2 === 0 ? setImmediate(resolve) : setTimeout(resolve, 0)))
      }
      await Promise.all([stopped, ...endings])
      redis = await ScriptedRedis.start(NO_FAULT, { isCluster, port })
      await backAgain()
      await backAgain()
      const [first = 0, ...others] = endings.map((_, index) => received(`dying-${index}`))
      expect(first).toBeLessThanOrEqual(writesLater ? 1 : 0)
      expect(others).toEqual(others.map(() => 0))
    })

  if (!keepsCommands)
    it('keeps no charge for later while there is no Redis', async () => {
      const { port } = redis
      await redis.stop()
      const isGone = (): Promise<void> => expect(charge('another')).rejects.toThrow()
      await vi.waitFor(isGone, PATIENCE)
      const keys = Array.from({ length: AT_ONCE }, (_, index) => `early-${index}`)
      await Promise.allSettled(keys.map(charge))
      redis = await ScriptedRedis.start(NO_FAULT, { isCluster, port })
      await backAgain()
      await backAgain()
      expect(keys.map(received)).toEqual(keys.map(() => 0))
    })

  it('does not ask a cluster again that is down', async () => {
    redis.scenario = () => ({ text: errorReply('CLUSTERDOWN The cluster is down') })
    await expect(charge('down')).rejects.toThrow('CLUSTERDOWN The cluster is down')
    redis.scenario = NO_FAULT
    await backAgain()
    expect(received('down')).toBe(1)
  })
})

describe('a client of ioredis that the store does not make for itself', () => {
  const lostOnce = (redis: ScriptedRedis): void => {
    redis.scenario = (_words, turn) => (turn === 0 ? { hangsUp: true } : NO_FAULT([], turn))
  }

  it('sends a command again whose answer was lost, so that these tests could fail', async () => {
    redis = await ScriptedRedis.start(NO_FAULT)
    connection = await (CLIENTS['ioredis 6'] as (url: string) => Promise<ConnectedClient>)(redis.url)
    lostOnce(redis)
    await (connection.client as unknown as Redis).evalsha('0'.repeat(40), 1, 'key:lost')
    expect(received('lost')).toBe(2)
  })

  it('is not asked to: the store has a connection of its own, and leaves that one as it is', async () => {
    redis = await ScriptedRedis.start(NO_FAULT)
    const client = new Redis(redis.url, { lazyConnect: true })
    store = new RedisStore({ client, deadlineMs: DEADLINE_MS })
    connection = { client, close: async () => client.disconnect() }
    await backAgain()
    expect(client.status).toBe('wait')
    expect(redis.connections).toBe(1)
    await store.close()
    await vi.waitFor(() => expect(redis.open).toBe(0), PATIENCE)
  })
})
