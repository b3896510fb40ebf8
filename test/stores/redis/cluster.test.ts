import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { keySlotOf } from '../../../src/stores/redis/clients/key-slot.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { decideScript } from '../../../src/stores/redis/scripts/scripts.ts'
import { chargeOf } from '../../support/charges.ts'
import type { ConnectedClient } from '../../support/redis/clients.ts'
import { CLUSTER_CLIENTS } from '../../support/redis/cluster-clients.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import { type ClusterNode, type RedisCluster, startRedisCluster } from '../../support/redis/redis-cluster.ts'
import { until } from '../../support/redis/until.ts'

/** Where a slow machine must not look like a failing server. */
const GENEROUS_MS = 10_000
const CLIENTS = Array.from({ length: 60 }, (_, index) => `client-${index}`)

describeRedisServer('RedisStore on a cluster', () => {
  let cluster: RedisCluster

  expectNoProcessErrors()

  beforeAll(async () => {
    cluster = await startRedisCluster()
  }, 30_000)
  afterAll(() => cluster.stop())

  const urls = (): string[] => cluster.nodes.map(({ url }) => url)

  const keysOn = ({ admin }: ClusterNode, prefix: string): Promise<string[]> => admin.keys(`${prefix}:v1:*`)

  /** One client for each server. */
  async function clientsOfEachNode(prefix: string): Promise<string[]> {
    const found = new Map<ClusterNode, string>()
    for (const client of CLIENTS) {
      found.set(cluster.firstOwnerOf(await cluster.slotOf(`${prefix}:v1:${client}`)), client)
    }
    expect(found.size).toBe(3)
    return [...found.values()]
  }

  /** What servers were asked since `CONFIG RESETSTAT`, all together. */
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

  it('has keys in the slots that the store takes them to be in', async () => {
    const keys = [
      '',
      'a',
      'tollgate:v1:default:read:203.0.113.7',
      '{app}:v1:a',
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
      store = new RedisStore({ client: connection.client, prefix, deadlineMs: GENEROUS_MS })
    })
    afterEach(async () => {
      await store.resetAll()
      await store.close()
      await connection.close()
    })

    const remainingOf = async (client: string): Promise<number | undefined> =>
      (await store.consume(chargeOf(client))).limits[0]?.remaining

    it('spreads its keys over all servers, from the first burst on', async () => {
      const remaining = await Promise.all(CLIENTS.map(remainingOf))
      expect(remaining).toEqual(CLIENTS.map(() => 2))
      const keys = await Promise.all(cluster.nodes.map((node) => keysOn(node, prefix)))
      for (const own of keys) expect(own.length).toBeGreaterThan(0)
      expect(keys.flat().sort()).toEqual(CLIENTS.map((client) => `${prefix}:v1:${client}`).sort())
    })

    it('asks the server that has the key, once, and no other', async () => {
      // By then every server knows the script, and the client knows the servers.
      await Promise.all(CLIENTS.map(remainingOf))
      for (const { admin } of cluster.nodes) await admin.config('RESETSTAT')
      for (const client of CLIENTS) expect(await remainingOf(client)).toBe(1)
      expect(await callsOf('evalsha')).toEqual({ calls: CLIENTS.length, rejected: 0 })
      expect(await callsOf('eval')).toEqual({ calls: 0, rejected: 0 })
      expect(await callsOf('cluster|slots')).toEqual({ calls: 0, rejected: 0 })
    })

    it('does everything on every server that it does on one', async () => {
      for (const client of await clientsOfEachNode(prefix)) {
        const charge = chargeOf(client)
        const { receipt } = await store.consume(charge)
        expect(await store.peek(charge)).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
        expect(await remainingOf(client)).toBe(1)
        if (receipt === undefined) throw new Error('an admitted charge has a receipt')
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

    it('empties every server on resetAll, and leaves what others keep there', async () => {
      const others = new RedisStore({ client: connection.client, prefix: `${prefix}-2` })
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

    it('follows a slot to another server, while it moves and afterwards, and counts once', async () => {
      const [client = ''] = CLIENTS
      const slot = await cluster.slotOf(`${prefix}:v1:${client}`)
      const from = cluster.firstOwnerOf(slot)
      const to = cluster.nodes.find((node) => node !== from) ?? from
      expect(await remainingOf(client)).toBe(2)
      // There the digest means nothing: the script has to follow as well.
      await to.admin.script('FLUSH')
      await cluster.beginMove(slot, to)
      for (const { admin } of cluster.nodes) await admin.config('RESETSTAT')
      expect(await remainingOf(client)).toBe(1)
      await cluster.finishMove(slot, to)
      expect(await remainingOf(client)).toBe(0)
      expect((await store.consume(chargeOf(client))).allowed).toBe(false)
      expect(await keysOn(to, prefix)).toEqual([`${prefix}:v1:${client}`])
      // It was sent to the wrong server, and turned away there.
      expect((await callsOf('evalsha')).rejected).toBeGreaterThan(0)
      await cluster.beginMove(slot, from)
      await cluster.finishMove(slot, from)
    })
  })

  describe('that loses a server', () => {
    interface Limited {
      readonly connection: ConnectedClient
      readonly store: RedisStore
      readonly limiter: RateLimiter
      /** Clients whose keys are on the server that is lost, and others. */
      readonly lost: readonly string[]
      readonly kept: readonly string[]
    }
    const limited = new Map<string, Limited>()
    const prefixOf = (name: string): string => `lossy-${name.replace(' ', '-')}`
    const get = (name: string): Limited => {
      const one = limited.get(name)
      if (one === undefined) throw new Error(`no ${name}`)
      return one
    }
    const lostNode = (): ClusterNode => {
      const [, , third] = cluster.nodes
      if (third === undefined) throw new Error('a cluster of three has a third')
      return third
    }

    async function prepare(name: string): Promise<Limited> {
      const connection = await (CLUSTER_CLIENTS[name] ?? never)(urls())
      const store = new RedisStore({ client: connection.client, prefix: prefixOf(name) })
      const limiter = createRateLimiter({ read: 100, store, storeDeadlineMs: 2000 })
      for (const client of CLIENTS) await limiter.consume(client)
      const keys = await keysOn(lostNode(), prefixOf(name))
      const lost = CLIENTS.filter((client) => keys.includes(keyOf(name, client)))
      return { connection, store, limiter, lost, kept: CLIENTS.filter((client) => !lost.includes(client)) }
    }

    const keyOf = (name: string, client: string): string => `${prefixOf(name)}:v1:default:read:${client}`

    /** A connection is lost a moment after its server; by then no command goes out on it. */
    async function hasNoticed({ store, lost: [client = ''] }: Limited): Promise<boolean> {
      const peeked = Promise.resolve(store.peek(chargeOf(`default:read:${client}`)))
      const pause = new Promise<boolean>((resolve) => setTimeout(resolve, 200, false))
      return Promise.race([peeked.then(() => false).catch(() => true), pause])
    }

    beforeAll(async () => {
      for (const name of Object.keys(CLUSTER_CLIENTS)) limited.set(name, await prepare(name))
      await lostNode().kill()
      for (const one of limited.values()) await until('the loss is noticed', () => hasNoticed(one))
    }, 30_000)
    afterAll(async () => {
      for (const { connection, store, limiter } of limited.values()) {
        await limiter.close()
        await store.close()
        await connection.close()
      }
    })

    it.each(Object.keys(CLUSTER_CLIENTS))(
      'goes on counting on the others, and for the keys that were there as onStoreError says: %s',
      async (name) => {
        const { limiter, lost, kept } = get(name)
        expect(Math.min(lost.length, kept.length)).toBeGreaterThan(10)
        for (let index = 0; index < 10; index++) {
          // By this process, which knows what the server had said.
          const alone = await limiter.consume(lost[index] ?? '')
          expect(alone).toMatchObject({ allowed: true, limits: [{ remaining: 98 }] })
          const together = await limiter.consume(kept[index] ?? '')
          expect(together).toMatchObject({ allowed: true, limits: [{ remaining: 98 }] })
          const { state, lastError } = limiter.health()
          expect(state).toBe('closed')
          expect(lastError?.message).toMatch(
            /^the store failed: (Redis is not connected|Connection is closed)/,
          )
          expect(await limiter.peek(kept[index] ?? '')).toMatchObject({ limits: [{ remaining: 98 }] })
        }
      },
    )

    it('counts there again when it is back, and has kept nothing for it', async () => {
      await lostNode().restart()
      const admin = new Redis(lostNode().url)
      // What a client had kept would be decided there now.
      await admin.script('LOAD', decideScript.source)
      for (const [name, { limiter, lost, kept }] of limited) {
        const [client = ''] = lost
        await until(`${name} counts there`, async () => {
          await limiter.consume(client)
          await limiter.consume(kept[0] ?? '')
          return (await admin.exists(keyOf(name, client))) === 1
        })
        expect(await limiter.peek(client)).toMatchObject({ limits: [{ remaining: 99 }] })
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
