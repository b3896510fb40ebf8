import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { keySlotOf } from '../../../src/stores/redis/clients/key-slot.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { BATCH_SCRIPT } from '../../../src/stores/redis/scripts/batch-script.ts'
import { chargeOf } from '../../support/charges.ts'
import type { ConnectedClient } from '../../support/redis/clients.ts'
import { CLUSTER_CLIENTS } from '../../support/redis/cluster-clients.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import { type ClusterNode, type RedisCluster, startRedisCluster } from '../../support/redis/redis-cluster.ts'
import { until } from '../../support/redis/until.ts'

/** So long that a busy machine does not look like a failing server. */
const DEADLINE_MS = 30_000
const CLIENTS = Array.from({ length: 60 }, (_, index) => `client-${index}`)

describeRedisServer('RedisStore on a cluster', () => {
  let cluster: RedisCluster

  expectNoProcessErrors()

  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  const urls = (): string[] => cluster.nodes.map(({ url }) => url)

  const keysOn = ({ admin }: ClusterNode, prefix: string): Promise<string[]> => admin.keys(`${prefix}:v2:*`)

  /** One client for each server. */
  async function clientsOfEachNode(prefix: string): Promise<string[]> {
    const found = new Map<ClusterNode, string>()
    for (const client of CLIENTS) {
      found.set(cluster.firstOwnerOf(await cluster.slotOf(`${prefix}:v2:${client}`)), client)
    }
    expect(found.size).toBe(3)
    return [...found.values()]
  }

  /** How many calls of a command all servers together have counted since `CONFIG RESETSTAT`. */
  async function callsOf(command: string): Promise<{ calls: number; rejected: number }> {
    const totals = { calls: 0, rejected: 0 }
    for (const { admin } of cluster.nodes) {
      const line = new RegExp(`cmdstat_${command.replace('|', '\\|')}:(.*)`).exec(
        await admin.info('commandstats'),
      )
      totals.calls += Number(/calls=(\d+)/.exec(line?.[1] ?? '')?.[1] ?? 0)
      totals.rejected += Number(/rejected_calls=(\d+)/.exec(line?.[1] ?? '')?.[1] ?? 0)
    }
    return totals
  }

  it('puts keys into the slots that the store computes', async () => {
    const keys = [
      '',
      'a',
      'tollgate:v2:default:read:203.0.113.7',
      '{app}:v2:a',
      'a{b}c{d}',
      '{}a',
      'a{{b}}',
      'a{b',
    ]
    for (const key of keys) expect(keySlotOf(key)).toBe(await cluster.slotOf(key))
  })

  describe.each(Object.entries(CLUSTER_CLIENTS))('through %s', (name, connect) => {
    const prefix = name.replace(' ', '-')
    let connection: ConnectedClient
    let store: RedisStore

    beforeEach(async () => {
      connection = await connect(urls())
      store = new RedisStore({ client: connection.client, prefix, deadlineMs: DEADLINE_MS })
    })
    afterEach(async () => {
      await store.resetAll()
      await store.close()
      await connection.close()
    })

    const remainingOf = async (client: string): Promise<number | undefined> =>
      (await store.consume(chargeOf(client))).limits[0]?.remaining

    it('has keys on all servers, also if the first requests come at the same time', async () => {
      const remaining = await Promise.all(CLIENTS.map(remainingOf))
      expect(remaining).toEqual(CLIENTS.map(() => 2))
      const keys = await Promise.all(cluster.nodes.map((node) => keysOn(node, prefix)))
      for (const own of keys) expect(own.length).toBeGreaterThan(0)
      expect(keys.flat().sort()).toEqual(CLIENTS.map((client) => `${prefix}:v2:${client}`).sort())
    })

    it('sends one command to the server that has the key, and none to the others', async () => {
      // After these charges every server knows the script, and the client knows the servers.
      await Promise.all(CLIENTS.map(remainingOf))
      for (const { admin } of cluster.nodes) await admin.config('RESETSTAT')
      for (const client of CLIENTS) expect(await remainingOf(client)).toBe(1)
      expect(await callsOf('evalsha')).toEqual({ calls: CLIENTS.length, rejected: 0 })
      expect(await callsOf('eval')).toEqual({ calls: 0, rejected: 0 })
      expect(await callsOf('cluster|slots')).toEqual({ calls: 0, rejected: 0 })
    })

    it('supports all operations for keys on every server', async () => {
      for (const client of await clientsOfEachNode(prefix)) {
        const charge = chargeOf(client)
        const { receipt } = await store.consume(charge)
        expect(await store.peek(charge)).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
        expect(await remainingOf(client)).toBe(1)
        if (receipt === undefined) throw new Error('no receipt')
        await store.refund(receipt)
        expect(await remainingOf(client)).toBe(1)
        await store.block(client, 60_000)
        expect(await store.consume(charge)).toMatchObject({ allowed: false, ban: { isNew: false } })
        await store.unblock(client)
        expect(await remainingOf(client)).toBe(0)
        expect(await store.consume(charge)).toMatchObject({ allowed: false })
        await store.reset(client)
        expect(await remainingOf(client)).toBe(2)
      }
    })

    it('deletes its keys on every server with resetAll, and no keys of others', async () => {
      const others = new RedisStore({
        client: connection.client,
        prefix: `${prefix}-2`,
        deadlineMs: DEADLINE_MS,
      })
      await Promise.all(CLIENTS.map((client) => store.consume(chargeOf(client))))
      await Promise.all(CLIENTS.map((client) => others.consume(chargeOf(client))))
      await store.resetAll()
      const keys = await Promise.all(cluster.nodes.map((node) => keysOn(node, prefix)))
      expect(keys.flat()).toEqual([])
      const kept = await Promise.all(cluster.nodes.map((node) => keysOn(node, `${prefix}-2`)))
      expect(kept.flat()).toHaveLength(CLIENTS.length)
      await others.resetAll()
      await others.close()
    })

    it('puts the keys of one slot into one call, also while some of them have moved to another server', async () => {
      const tagged = `{${prefix}}`
      const shared = new RedisStore({ client: connection.client, prefix: tagged, deadlineMs: DEADLINE_MS })
      const leftOf = (clients: readonly string[]): Promise<(number | undefined)[]> =>
        Promise.all(
          clients.map(async (client) => (await shared.consume(chargeOf(client))).limits[0]?.remaining),
        )
      const [one = '', two = ''] = CLIENTS
      await shared.ready()
      expect(await leftOf([one])).toEqual([2])
      for (const { admin } of cluster.nodes) await admin.config('RESETSTAT')
      expect(await leftOf([one, one])).toEqual([1, 0])
      expect((await callsOf('evalsha')).calls).toBe(1)
      const slot = await cluster.slotOf(tagged)
      const from = cluster.firstOwnerOf(slot)
      const to = cluster.nodes.find((node) => node !== from) ?? from
      await cluster.beginMove(slot, to)
      // The key of the first client is on the old server, and that of the second one will be on the new server.
      const decisions = await Promise.all([one, two].map((client) => shared.consume(chargeOf(client))))
      expect(decisions.map(({ allowed }) => allowed)).toEqual([false, true])
      await cluster.finishMove(slot, to)
      await shared.resetAll()
      await shared.close()
      await cluster.beginMove(slot, from)
      await cluster.finishMove(slot, from)
    })

    it('counts each charge once while the slot of a key moves to another server', async () => {
      const [client = ''] = CLIENTS
      const slot = await cluster.slotOf(`${prefix}:v2:${client}`)
      const from = cluster.firstOwnerOf(slot)
      const to = cluster.nodes.find((node) => node !== from) ?? from
      expect(await remainingOf(client)).toBe(2)
      // That server does not know the digest, and needs the script as well.
      await to.admin.script('FLUSH')
      await cluster.beginMove(slot, to)
      for (const { admin } of cluster.nodes) await admin.config('RESETSTAT')
      expect(await remainingOf(client)).toBe(1)
      await cluster.finishMove(slot, to)
      expect(await remainingOf(client)).toBe(0)
      expect((await store.consume(chargeOf(client))).allowed).toBe(false)
      expect(await keysOn(to, prefix)).toEqual([`${prefix}:v2:${client}`])
      // The command went to the old server first, which rejected it.
      expect((await callsOf('evalsha')).rejected).toBeGreaterThan(0)
      await cluster.beginMove(slot, from)
      await cluster.finishMove(slot, from)
    })
  })

  describe('after the loss of a server', () => {
    interface Limited {
      readonly connection: ConnectedClient
      readonly store: RedisStore
      readonly limiter: RateLimiter
      /** Clients whose keys are on the lost server. */
      readonly lost: readonly string[]
      /** Clients whose keys are on the other servers. */
      readonly kept: readonly string[]
    }
    const limited = new Map<string, Limited>()
    const prefixOf = (name: string): string => `loss-${name.replace(' ', '-')}`
    const get = (name: string): Limited => {
      const one = limited.get(name)
      if (one === undefined) throw new Error(`no limiter with ${name}`)
      return one
    }
    const lostNode = (): ClusterNode => {
      const [, , third] = cluster.nodes
      if (third === undefined) throw new Error('the cluster has no third server')
      return third
    }

    async function prepare(name: string): Promise<Limited> {
      const connection = await (CLUSTER_CLIENTS[name] ?? never)(urls())
      const prefix = prefixOf(name)
      const store = new RedisStore({ client: connection.client, prefix, deadlineMs: DEADLINE_MS })
      const limiter = createRateLimiter({ read: 100, store })
      for (const client of CLIENTS) await limiter.consume(client, { class: 'read' })
      const keys = await keysOn(lostNode(), prefixOf(name))
      const lost = CLIENTS.filter((client) => keys.includes(keyOf(name, client)))
      return { connection, store, limiter, lost, kept: CLIENTS.filter((client) => !lost.includes(client)) }
    }

    const keyOf = (name: string, client: string): string => `${prefixOf(name)}:v2:default:read:${client}`

    /** Whether the client has noticed that the connection is lost. From then on it sends no command. */
    async function hasNoticed({ store, lost: [client = ''] }: Limited): Promise<boolean> {
      const peeked = Promise.resolve(store.peek(chargeOf(`default:read:${client}`)))
      const pause = new Promise<boolean>((resolve) => setTimeout(resolve, 200, false))
      return Promise.race([peeked.then(() => false).catch(() => true), pause])
    }

    beforeAll(async () => {
      for (const name of Object.keys(CLUSTER_CLIENTS)) limited.set(name, await prepare(name))
      await lostNode().kill()
      for (const one of limited.values()) await until('the loss was noticed', () => hasNoticed(one))
    })
    afterAll(async () => {
      for (const { connection, store, limiter } of limited.values()) {
        await limiter.close()
        await store.close()
        await connection.close()
      }
    })

    it.each(Object.keys(CLUSTER_CLIENTS))(
      'counts on the other servers, and follows onStoreError for the keys of the lost server: %s',
      async (name) => {
        const { limiter, lost, kept } = get(name)
        expect(Math.min(lost.length, kept.length)).toBeGreaterThan(10)
        for (let index = 0; index < 10; index++) {
          // This process decides, from the last decision of the server.
          const local = await limiter.consume(lost[index] ?? '', { class: 'read' })
          expect(local).toMatchObject({ allowed: true, limits: [{ remaining: 98 }] })
          const shared = await limiter.consume(kept[index] ?? '', { class: 'read' })
          expect(shared).toMatchObject({ allowed: true, limits: [{ remaining: 98 }] })
          const { state, lastError } = limiter.health()
          expect(state).toBe('closed')
          expect(lastError?.message).toMatch(
            /^the store failed: (Redis is not connected|Connection is closed)/,
          )
          expect(await limiter.peek(kept[index] ?? '', { class: 'read' })).toMatchObject({
            limits: [{ remaining: 98 }],
          })
        }
      },
    )

    it('counts on the server again after its restart, and has kept no command for it', async () => {
      await lostNode().restart()
      const admin = new Redis(lostNode().url)
      // With the script loaded, a command that a client had kept would be decided now.
      await admin.script('LOAD', BATCH_SCRIPT)
      for (const [name, { limiter, lost, kept }] of limited) {
        const [client = ''] = lost
        await until(`${name} counts on the restarted server`, async () => {
          await limiter.consume(client, { class: 'read' })
          await limiter.consume(kept[0] ?? '', { class: 'read' })
          return (await admin.exists(keyOf(name, client))) === 1
        })
        expect(await limiter.peek(client, { class: 'read' })).toMatchObject({ limits: [{ remaining: 99 }] })
        expect(limiter.health().state).toBe('closed')
        for (const one of lost.slice(1)) expect(await admin.exists(keyOf(name, one))).toBe(0)
      }
      admin.disconnect()
      await cluster.isWhole()
    })
  })
})

function never(): never {
  throw new Error('no such client')
}
