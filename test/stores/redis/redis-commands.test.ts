import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AlgorithmName, Limit } from '../../../src/limits/limit.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import type { RedisStoreOptions } from '../../../src/stores/redis/redis-store-options.ts'
import type { Charge, Store } from '../../../src/stores/store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { type RedisServer, startRedis } from '../../support/redis/redis-server.ts'

type Client = ReturnType<typeof createClient>

const HOUR_MS = 3_600_000
const DAYS_30_MS = 2_592_000_000

/** The first limit is the tightest. */
const limitsOf = (count: number, algorithm: AlgorithmName, units = 2): Limit[] =>
  Array.from({ length: count }, (_, index) =>
    limitOf(units + index, { name: `${index}`, algorithm, windowMs: HOUR_MS }),
  )

// A server for this file alone: it would count the commands of other tests too.

describeRedisServer('RedisStore and its server', () => {
  let server: RedisServer
  let client: Client
  beforeAll(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })
  beforeEach(async () => void (await client.flushAll()))

  const made = (options: Partial<RedisStoreOptions> = {}): RedisStore =>
    new RedisStore({ client, deadlineMs: 30_000, ...options })

  /** The commands that the server has counted during `work`, including those in scripts. */
  async function counted(work: () => unknown): Promise<Record<string, number>> {
    await client.configResetStat()
    await work()
    const lines = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
    // SET and PSETEX count as one: both write a value and its time to live. So does SETRANGE, which writes a part of it.
    const counts = Array.from(
      lines,
      ([, name = '', calls]) =>
        [['psetex', 'setrange'].includes(name) ? 'set' : name, Number(calls)] as const,
    )
    return Object.fromEntries(counts.filter(([name]) => name !== 'config|resetstat'))
  }

  async function keysOf(pattern = '*'): Promise<string[]> {
    return (await client.keys(pattern)).toSorted()
  }

  describe.each([1, 5])('for a decision on %i limits', (count) => {
    it.each(ALGORITHMS)('run four commands, and fewer if nothing changes, by %s', async (algorithm) => {
      const store = made()
      const limits = limitsOf(count, algorithm)
      const charge = { ...chargeOf('client', limits), refundable: false }
      await store.peek(charge)
      const read = { evalsha: 1, time: 1, get: 1 }
      expect(await counted(() => store.peek(charge))).toEqual(read)
      expect(await counted(() => store.consume(charge))).toEqual({ ...read, set: 1 })
      expect(await counted(() => store.consume(chargeOf('client', limits)))).toEqual({ ...read, set: 1 })
      expect(await counted(() => store.peek(charge))).toEqual(read)
      expect(await counted(() => store.consume(charge))).toEqual(read)
    })

    it.each(ALGORITHMS)(
      'run no command for a client whose refusal is remembered, by %s',
      async (algorithm) => {
        const store = made()
        // All limits have the same size: a bucket that is not empty fills, and its refusal is not remembered.
        const limits = limitsOf(count, algorithm).map((limit) => ({ ...limit, limit: 2, burst: 2 }))
        const charge = { ...chargeOf('client', limits), refundable: false }
        for (const _ of [1, 2, 3]) await store.consume(charge)
        const commands = await counted(async () => {
          for (let turn = 0; turn < 100; turn++) expect((await store.consume(charge)).allowed).toBe(false)
        })
        expect(commands).toEqual({})
      },
    )
  })

  describe('for other operations', () => {
    const charge = chargeOf('client', limitsOf(5, 'sliding-window'))
    const change = { evalsha: 1, time: 1, get: 1, set: 1 }

    it('run at most four commands', async () => {
      const store = made()
      const { receipt = {} } = await store.consume(charge)
      await store.settle((await store.consume(charge)).receipt ?? {}, 0)
      await store.block('banned', HOUR_MS)
      await store.unblock('unknown')
      expect(await counted(() => store.settle(receipt, 0))).toEqual(change)
      expect(await counted(() => store.settle(receipt, 0))).toEqual({})
      expect(await counted(() => store.block('client', 5000))).toEqual(change)
      expect(await counted(() => store.unblock('client'))).toEqual(change)
      expect(await counted(() => store.unblock('banned'))).toEqual({ evalsha: 1, time: 1, get: 1, del: 1 })
      expect(await counted(() => store.unblock('unknown'))).toEqual({ evalsha: 1, time: 1, get: 1 })
      expect(await counted(() => store.reset('client'))).toEqual({ del: 1 })
    })

    it('run four commands for a refusal that counts towards a ban, and none during the ban', async () => {
      const store = made()
      const limits = limitsOf(1, 'fixed-window', 1)
      const strict = { ...chargeOf('client', limits, 1, banRule(2, HOUR_MS, HOUR_MS)), refundable: false }
      await store.consume(strict)
      for (const _ of ['first', 'last']) expect(await counted(() => store.consume(strict))).toEqual(change)
      expect(await counted(() => store.consume(strict))).toEqual({})
    })

    it('run one command more if the server does not know the script, and count the charge once', async () => {
      const store = made()
      // From here on the store loads no script by itself.
      await store.ready()
      const limits = limitsOf(1, 'token-bucket', 10)
      const left: number[] = []
      for (let turn = 0; turn < 4; turn++) {
        const commands = await counted(async () => {
          await client.scriptFlush()
          left.push((await store.consume(chargeOf('client', limits))).limits[0]?.remaining ?? -1)
        })
        expect(commands).toEqual({ 'script|flush': 1, evalsha: 1, eval: 1, time: 1, get: 1, set: 1 })
      }
      expect(left).toEqual([9, 8, 7, 6])
    })
  })

  describe('a time to live', () => {
    const RULE = banRule(2, 40_000, 50_000)

    it.each(ALGORITHMS)('is set on every key after every operation, by %s', async (algorithm) => {
      const store = made({ refusalCache: false })
      const limits = [limitOf(1, { algorithm, ttlMs: 90_000 }), limitOf(9, { name: 'b', ttlMs: 70_000 })]
      const charge = chargeOf('client', limits)
      const strict = chargeOf('client', limits, 1, RULE)
      const { receipt = {} } = await store.consume(charge)
      const steps: [string, () => unknown, number][] = [
        ['a charge', () => store.consume(chargeOf('other', limits)), 90_000],
        ['a preview', () => store.peek(chargeOf('nobody', limits)), 90_000],
        ['a refusal', () => store.consume(charge), 90_000],
        ['a refusal that is counted', () => store.consume(strict), 90_000],
        ['a refusal that bans', () => store.consume(strict), 90_000],
        ['a refusal of a banned client', () => store.consume(charge), 90_000],
        ['a refund', () => store.settle(receipt, 0), 90_000],
        ['a block of a known client', () => store.block('client', 200_000), 200_000],
        ['an unblock', () => store.unblock('client'), 90_000],
        ['a block of an unknown client', () => store.block('stranger', 10), 90_000],
        ['a reset', () => store.reset('client'), 90_000],
      ]
      for (const [what, step, mostMs] of steps) {
        await step()
        for (const key of await keysOf()) {
          const leftMs = await client.pTTL(key)
          // -2: the key has expired meanwhile.
          if (leftMs === -2) continue
          expect(leftMs, `of ${key} after ${what}`).toBeGreaterThanOrEqual(0)
          expect(leftMs, `of ${key} after ${what}`).toBeLessThanOrEqual(mostMs)
        }
      }
      expect(await keysOf('*:other')).toHaveLength(1)
      expect(await keysOf('*:client')).toEqual([])
      expect(await keysOf('*:nobody')).toEqual([])
    })

    it('is the longest of those of the limits, the refusals and the ban', async () => {
      const store = made({ refusalCache: false })
      const leftOf = (key: string): Promise<number> => client.pTTL(`tollgate:v2:${key}`)
      const near = (ms: number): unknown =>
        expect.toSatisfy((left: number) => left > ms - 60_000 && left <= ms)
      const limits = [limitOf(1, { ttlMs: 90_000 })]
      await store.consume(chargeOf('a', limits))
      expect(await leftOf('a')).toEqual(near(90_000))
      await store.consume(chargeOf('a', limits, 1, banRule(9, 300_000, 1000)))
      expect(await leftOf('a')).toEqual(near(300_000))
      await store.block('a', 600_000)
      expect(await leftOf('a')).toEqual(near(600_000))
      await store.unblock('a')
      expect(await leftOf('a')).toEqual(near(90_000))
    })

    it('of a client of one fixed window begins with the window, if the window ends before', async () => {
      const store = made()
      const key = 'tollgate:v2:client'
      const charge = chargeOf('client', [limitOf(9, { windowMs: 1000, ttlMs: 90_000 })])
      await store.consume(charge)
      await client.pExpire(key, 50_000)
      await store.consume(charge)
      expect(await client.pTTL(key)).toBeLessThanOrEqual(50_000)
      await vi.waitUntil(async () => (await store.consume(charge)).limits[0]?.remaining === 8, 60_000)
      expect(await client.pTTL(key)).toBeGreaterThan(50_000)
      // No window that a limiter asks for is longer than its time to live, and it would be renewed here.
      const short = chargeOf('other', [limitOf(9, { windowMs: HOUR_MS, ttlMs: 90_000 })])
      await store.consume(short)
      await client.pExpire('tollgate:v2:other', 50_000)
      await store.consume(short)
      expect(await client.pTTL('tollgate:v2:other')).toBeGreaterThan(50_000)
    })

    it('may have 16 digits', async () => {
      const blockMs = 1_234_567_890_123_456
      await made().block('client', blockMs)
      const leftMs = await client.pTTL('tollgate:v2:client')
      expect(leftMs).toBeGreaterThan(blockMs - 60_000)
      expect(leftMs).toBeLessThanOrEqual(blockMs)
    })

    it('makes the key expire on the clock of the server', async () => {
      const store = made()
      await store.consume(chargeOf('client', [limitOf(1, { windowMs: 20, ttlMs: 20 })]))
      await vi.waitUntil(async () => (await keysOf()).length === 0, { timeout: 60_000, interval: 5 })
    })
  })

  describe('numbers of 15 digits', () => {
    const MOST = 999_999_999_999_999
    const START_MS = 1_700_000_000_123

    /** The decisions of a store on charges of many units. One of the charges is given back. */
    async function answers(store: Store, clock: FakeClock, limits: readonly Limit[]): Promise<object[]> {
      const charge = (cost: number): Charge => chargeOf('client', limits, cost)
      const decisions: object[] = []
      const consume = async (cost: number): Promise<object> => {
        const { receipt = {}, ...decision } = await store.consume(charge(cost))
        decisions.push(decision)
        return receipt
      }
      await consume(123_456_789_012_345)
      clock.advance(1)
      const second = await consume(876_543_210_987_653)
      await consume(2)
      await consume(1)
      await consume(1)
      await store.settle?.(second, 0)
      decisions.push((await store.peek?.(charge(876_543_210_987_653))) ?? {})
      await consume(876_543_210_987_652)
      return decisions
    }

    it.each<[AlgorithmName, number]>([
      ['fixed-window', DAYS_30_MS],
      ['sliding-window', DAYS_30_MS],
      // For a bucket, the product of the units and the window has to be exact.
      ['token-bucket', 4],
    ])('are exact, by %s', async (algorithm, windowMs) => {
      const limits = [limitOf(MOST, { algorithm, windowMs })]
      const [local, remote] = [new FakeClock(START_MS), new FakeClock(START_MS)]
      const expected = await answers(new MemoryStore({ clock: local }), local, limits)
      const store = made({ clock: remote, refusalCache: false })
      expect(await answers(store, remote, limits)).toEqual(expected)
      expect(expected[0]).toMatchObject({ limits: [{ limit: MOST, remaining: 876_543_210_987_654 }] })
    })

    it('are exact to the unit', async () => {
      const clock = new FakeClock(START_MS)
      const limits = [limitOf(MOST, { windowMs: DAYS_30_MS })]
      const decisions = await answers(made({ clock, refusalCache: false }), clock, limits)
      const left = decisions.map(
        (decision) => (decision as { limits: { remaining: number }[] }).limits[0]?.remaining,
      )
      expect(left).toEqual([876_543_210_987_654, 1, 1, 0, 0, 876_543_210_987_653, 1])
    })

    it('are read correctly for a bucket that is full in 30 days', async () => {
      const clock = new FakeClock(START_MS)
      const limits = [limitOf(1_700_000, { algorithm: 'token-bucket', windowMs: DAYS_30_MS })]
      const { limits: states, repeatAfterMs } = await made({ clock }).consume(
        chargeOf('c', limits, 1_700_000),
      )
      expect(states).toEqual([{ name: 'test', limit: 1_700_000, remaining: 0, resetMs: 1525 }])
      expect(repeatAfterMs).toBe(DAYS_30_MS)
    })
  })

  describe('the time', () => {
    afterEach(() => void vi.useRealTimers())

    const READ =
      "return string.format('%.0f', (select(2, struct.unpack('<Bi6', redis.call('GET', KEYS[1])))))"
    const expiryOf = async (key: string): Promise<number> =>
      Number(await client.eval(READ, { keys: [key], arguments: [] }))
    const serverMs = async (): Promise<number> => {
      const [seconds, micros] = (await client.sendCommand(['TIME'])) as unknown as [string, string]
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
    }

    it('is that of the server, also if the clock of this process differs', async () => {
      vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
      const startedMs = await serverMs()
      await made().consume(chargeOf('client', [limitOf(1, { ttlMs: HOUR_MS })]))
      const decidedMs = (await expiryOf('tollgate:v2:client')) - HOUR_MS
      expect(decidedMs).toBeGreaterThanOrEqual(startedMs)
      expect(decidedMs).toBeLessThanOrEqual(await serverMs())
    })

    it('is that of the clock in the options', async () => {
      await made({ clock: new FakeClock(5_000) }).consume(
        chargeOf('client', [limitOf(1, { ttlMs: HOUR_MS })]),
      )
      expect(await expiryOf('tollgate:v2:client')).toBe(5000 + HOUR_MS)
    })
  })

  describe('resetAll', () => {
    const PREFIXES = ['a*', 'ab', 'a', 'a?', 'a[b]', 'a\\*', 'a*b', '{a*}', 'a^-b', '']

    it.each(PREFIXES)('deletes the keys that start with its prefix, and no others: %j', async (prefix) => {
      const stores = PREFIXES.map((each) => made({ prefix: each }))
      for (const store of stores) {
        for (const key of ['one', 'b:v2:x', '*', ' ']) await store.consume(chargeOf(key))
      }
      await client.set('a*:v3:one', 'of another')
      const before = await keysOf()
      await made({ prefix }).resetAll()
      const start = `${prefix}:v2:`
      expect(await keysOf()).toEqual(before.filter((key) => !key.startsWith(start)))
      expect(before.filter((key) => key.startsWith(start))).toHaveLength(4)
    })

    it('deletes more keys than one SCAN finds', async () => {
      const store = made()
      await Promise.all(Array.from({ length: 2500 }, (_, index) => store.consume(chargeOf(`${index}`))))
      await client.set('of another', '')
      expect(await client.dbSize()).toBe(2501)
      await store.resetAll()
      expect(await keysOf()).toEqual(['of another'])
    })
  })

  describe('two stores', () => {
    let other: Client
    beforeAll(async () => {
      other = createClient({ url: server.url })
      await other.connect()
    })
    afterAll(() => other.destroy())

    describe.each(ALGORITHMS)('share their counters by %s', (algorithm) => {
      it.each([
        [30, 50],
        [50, 50],
        [400, 50],
        [400, 1],
      ])('%i charges at the same time, at most %i of them allowed', async (charges, units) => {
        const stores = [made(), new RedisStore({ client: other, deadlineMs: 30_000 })]
        const limits = [limitOf(units, { algorithm, windowMs: DAYS_30_MS })]
        const all = Array.from({ length: charges }, (_, index) =>
          stores[index % 2]?.consume(chargeOf('c', limits)),
        )
        const decisions = await Promise.all(all)
        const allowed = decisions.filter((decision) => decision?.allowed === true)
        expect(allowed).toHaveLength(Math.min(charges, units))
        const left = allowed.map((decision) => decision?.limits[0]?.remaining ?? -1).toSorted((a, b) => b - a)
        expect(left).toEqual(Array.from({ length: allowed.length }, (_, index) => units - 1 - index))
      })
    })

    it('share bans, and a receipt is valid only in the store that made it', async () => {
      const [one, two] = [made(), new RedisStore({ client: other, deadlineMs: 30_000 })]
      const limits = [limitOf(5, { windowMs: HOUR_MS })]
      const { receipt = {} } = await one.consume(chargeOf('c', limits, 5))
      await two.settle(receipt, 0)
      expect((await two.peek(chargeOf('c', limits))).allowed).toBe(false)
      await one.settle(receipt, 0)
      expect((await two.peek(chargeOf('c', limits, 5))).allowed).toBe(true)
      await two.block('c', HOUR_MS)
      expect((await one.consume(chargeOf('c', limits))).ban?.isNew).toBe(false)
    })
  })
})
