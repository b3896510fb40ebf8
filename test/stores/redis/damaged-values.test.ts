import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { calendarLimit } from '../../support/limits-by-algorithm.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'

const HOUR_MS = 3_600_000
/** Later than any test. */
const FUTURE_MS = 4_102_444_800_000

const packed = (list: string): string => `redis.call('SET', KEYS[1], cmsgpack.pack(${list}))`
const entry = (counter: string): string => packed(`{ ${FUTURE_MS}, 5, false, ${counter} }`)

/** Values that no version of the store writes, as Lua that writes them. */
const DAMAGED: Readonly<Record<string, string>> = {
  'a list': "redis.call('RPUSH', KEYS[1], 'x')",
  'a hash': "redis.call('HSET', KEYS[1], 'f', 'x')",
  'a stream': "redis.call('XADD', KEYS[1], '*', 'f', 'x')",
  'an empty text': "redis.call('SET', KEYS[1], '')",
  'a number as text': "redis.call('SET', KEYS[1], '42')",
  'other bytes': "redis.call('SET', KEYS[1], '\\255\\254\\193')",
  'the mark of one window only': "redis.call('SET', KEYS[1], '\\1')",
  'a window that is cut off': "redis.call('SET', KEYS[1], '\\1' .. string.rep('\\127', 20))",
  'a window without a name': "redis.call('SET', KEYS[1], '\\1' .. string.rep('\\127', 35))",
  'a list that is cut off': `redis.call('SET', KEYS[1], string.sub(cmsgpack.pack({ ${FUTURE_MS}, 5, false }), 1, 5))`,
  'two values': `redis.call('SET', KEYS[1], cmsgpack.pack({ ${FUTURE_MS}, 5, false }, 1))`,
  'no list': packed('7'),
  'a map': packed(`{ expires = ${FUTURE_MS} }`),
  'a list of text': packed("{ 'a', 'b', 'c' }"),
  'numbers as text': packed(`{ '${FUTURE_MS}', '5', false }`),
  'no time to live': packed(`{ ${FUTURE_MS}, cmsgpack.null, false }`),
  'no number': packed(`{ ${FUTURE_MS}, 0 / 0, false }`),
  'an endless expiry': packed('{ math.huge, 5, false }'),
  'a ban that is no list': packed(`{ ${FUTURE_MS}, 5, 'ban' }`),
  'a ban without an end': packed(`{ ${FUTURE_MS}, 5, { 'ban', 5 } }`),
  'refusals without a state': packed(`{ ${FUTURE_MS}, 5, { 'refusals' } }`),
  'refusals that are cut off': packed(`{ ${FUTURE_MS}, 5, { 'refusals', { 1, 2 } } }`),
  'a counter without a state': entry("'test', 'fixed-window', 60000"),
  'a counter of an unknown algorithm': entry("'test', 'leaky', 60000, { 1, 2, 3 }"),
  'a counter without a window': entry("'test', 'fixed-window', false, { 1, 2, 3 }"),
  'a counter without a name': entry("5, 'fixed-window', 60000, { 1, 2, 3 }"),
  'a state that is no list': entry("'test', 'fixed-window', 60000, 5"),
  'a state that is too short': entry("'test', 'token-bucket', 60000, { 1, 2 }"),
  'a state of text': entry("'test', 'fixed-window', 60000, { 1, 'x', 3 }"),
  'a state without a number': entry("'test', 'fixed-window', 60000, { 1, 0 / 0, 3 }"),
  'a state of a half': entry("'test', 'fixed-window', 60000, { 1, 0.5, 3 }"),
  'a calendar window with a length': entry("'test', 'calendar-window', 60000, { 1, 2, 3 }"),
  'a calendar window without an id': entry("'test', 'calendar-window', 'day UTC', { 1, 2 }"),
  'a calendar window with a text': entry("'test', 'calendar-window', 'day UTC', { 1, 'x', 3 }"),
  'a slice that is cut off': entry("'test', 'sliding-window', 60000, { 1, 2, 3 }"),
}

const CHARGED: Readonly<Record<string, readonly Limit[]>> = {
  ...Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, [limitOf(3, { algorithm })]])),
  'a calendar window': [{ ...calendarLimit(3, 'month'), name: 'test' }],
  'two limits': [limitOf(3), limitOf(9, { name: 'hour', windowMs: HOUR_MS })],
}

describeRedis('a damaged value in Redis (threat 37)', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  let client: ReturnType<typeof createClient>
  let store: RedisStore
  let tests = 0
  let prefix: string
  beforeAll(async () => {
    server = await anyRedis()
    client = createClient({ url: server.url })
    await client.connect()
  })
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })
  beforeEach(() => {
    prefix = `damaged:${process.pid}:${tests++}`
    store = new RedisStore({ client, prefix, refusalCache: false, deadlineMs: 30_000 })
  })

  const keyOf = (key: string): string => `${prefix}:v2:${key}`
  const damage = async (key: string, script: string): Promise<void> => {
    await client.del(keyOf(key))
    await client.eval(script, { keys: [keyOf(key)], arguments: [] })
  }
  const remaining = async (key: string, limits: readonly Limit[]): Promise<number | undefined> =>
    (await store.peek(chargeOf(key, limits))).limits[0]?.remaining

  it.each(Object.entries(DAMAGED))('is absent, and the next charge heals it: %s', async (_, script) => {
    for (const [what, limits] of Object.entries(CHARGED)) {
      await damage('client', script)
      expect(await remaining('client', limits), what).toBe(3)
      const left = []
      for (let charge = 0; charge < 4; charge++) {
        const decision = await store.consume(chargeOf('client', limits))
        left.push(decision.allowed ? decision.limits[0]?.remaining : 'refused')
      }
      expect(left, what).toEqual([2, 1, 0, 'refused'])
      expect(await client.type(keyOf('client')), what).toBe('string')
      expect(await client.pTTL(keyOf('client')), what).toBeGreaterThan(0)
    }
  })

  it.each(Object.entries(DAMAGED))('fails no other operation: %s', async (_, script) => {
    const limits = [limitOf(1)]
    const { receipt = {} } = await store.consume(chargeOf('client', limits))
    await damage('client', script)
    await store.settle(receipt, 0)
    expect(await remaining('client', limits)).toBe(1)
    await store.unblock('client')
    expect(await remaining('client', limits)).toBe(1)
    await store.block('client', HOUR_MS)
    expect((await store.consume(chargeOf('client', limits))).ban?.endsInMs).toBeGreaterThan(0)
    await damage('client', script)
    await store.consume(chargeOf('client', limits, 1, banRule(1, HOUR_MS, HOUR_MS)))
    const refused = await store.consume(chargeOf('client', limits, 1, banRule(1, HOUR_MS, HOUR_MS)))
    expect(refused.ban?.isNew).toBe(true)
    await damage('client', script)
    await store.reset('client')
    expect(await client.exists(keyOf('client'))).toBe(0)
  })

  it('of five clients fails no other client', async () => {
    const damaged = Object.values(DAMAGED).slice(0, 5)
    const keys = damaged.map((_, index) => `damaged-${index}`)
    for (const [index, script] of damaged.entries()) await damage(keys[index] ?? '', script)
    for (let round = 0; round < 3; round++) {
      for (const key of [...keys, 'other']) {
        const { allowed, limits } = await store.consume(chargeOf(key, [limitOf(3)]))
        expect([allowed, limits[0]?.remaining], `${key} in round ${round}`).toEqual([true, 2 - round])
      }
    }
  })
})
