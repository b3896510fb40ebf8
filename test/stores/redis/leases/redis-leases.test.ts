import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createRateLimiter, RateLimiterError } from '../../../../src/index.ts'
import type { Lease } from '../../../../src/stores/leases/lease.ts'
import { RedisLeases } from '../../../../src/stores/redis/leases/redis-leases.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { createConcurrencyLimiter } from '../../../../src/tools/concurrency/index.ts'
import { exchange } from '../../../request/exchange.ts'
import { CLIENTS } from '../../../support/redis/clients.ts'
import { describeRedisServer } from '../../../support/redis/describe-redis.ts'
import { type RedisServer, startRedis } from '../../../support/redis/redis-server.ts'
import { until } from '../../../support/redis/until.ts'
import { thrownBy } from '../../../support/thrown-by.ts'

function chargeOf(limit: number, key = 'client'): Charge {
  const one = {
    name: 'x',
    limit,
    burst: limit,
    windowMs: 1000,
    ttlMs: 1000,
    algorithm: 'fixed-window',
  } as const
  return { key, limits: [one], cost: 1 }
}

/** How many of so many leases of one client the store gives, where ten may live. */
async function takenBy(store: RedisLeases, leases: number): Promise<number> {
  const decisions = await Promise.all(Array.from({ length: leases }, () => store.consume(chargeOf(10))))
  return decisions.filter(({ allowed }) => allowed).length
}

describeRedisServer('leases in Redis', () => {
  let redis: RedisServer
  let admin: Redis
  const stores: RedisLeases[] = []
  const storeOf = (options: { leaseMs?: number; client?: never } = {}): RedisLeases => {
    const store = new RedisLeases({ client: admin, deadlineMs: 10_000, ...options })
    stores.push(store)
    return store
  }

  beforeAll(async () => {
    redis = await startRedis()
    admin = new Redis(redis.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    await admin.flushall()
  })

  it.each(Object.keys(CLIENTS))('are taken up to the limit and given back, through %s', async (name) => {
    const connected = await CLIENTS[name]?.(redis.url)
    if (connected === undefined) throw new Error(name)
    const store = new RedisLeases({ client: connected.client, deadlineMs: 10_000 })
    const decisions = await Promise.all([1, 2, 3].map(() => store.consume(chargeOf(2))))
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false])
    expect(decisions.map(({ limits }) => limits[0]?.remaining)).toEqual([1, 0, 0])
    expect(decisions[2]?.retryAfterMs).toBe(1000)
    expect((await store.peek(chargeOf(2))).allowed).toBe(false)
    expect(await store.peek(chargeOf(3))).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
    const lease = decisions[0]?.receipt as Lease
    lease.release()
    lease.release()
    expect((await store.consume(chargeOf(2))).allowed).toBe(true)
    expect((await store.consume(chargeOf(2))).allowed).toBe(false)
    await store.reset('client')
    expect(await admin.dbsize()).toBe(0)
    await store.close()
    await connected.close()
  })

  it('of a request that was decided without the answer are given back', async () => {
    const store = storeOf()
    await store.ready()
    const charge = chargeOf(1)
    const answer = store.consume(charge)
    charge.isAbandoned = true
    await answer
    expect((await store.consume(chargeOf(1))).allowed).toBe(true)
  })

  it('live for as long as the request runs, and not longer than the lease after that', async () => {
    const store = storeOf({ leaseMs: 300 })
    await store.consume(chargeOf(1))
    const started = performance.now()
    // A lease that was not renewed would be gone after 300 ms.
    await until('five lives are over', () => performance.now() - started > 1500)
    expect((await store.consume(chargeOf(1))).allowed).toBe(false)
    await store.close()
    const other = storeOf({ leaseMs: 300 })
    await until('the lease expires', async () => (await other.consume(chargeOf(1))).allowed)
  })

  it('of four stores are never more than the limit, and one that stops to renew frees its places', async () => {
    const four = [1, 2, 3, 4].map(() => storeOf({ leaseMs: 300 }))
    const taken = await Promise.all(four.map((store) => takenBy(store, 25)))
    expect(taken.reduce((sum, one) => sum + one, 0)).toBe(10)
    const lost = Math.max(...taken)
    const [gone] = four.splice(taken.indexOf(lost), 1)
    await gone?.close()
    let gained = 0
    await until('its places are free', async () => {
      gained += await takenBy(four[0] as RedisLeases, 10)
      return gained >= lost
    })
    expect(gained).toBe(lost)
    expect(await admin.zcard('tollgate:leases:v2:client')).toBe(10)
  })

  it('hold back requests of two limiters together, with a queue that sees places of the other one', async () => {
    const options = { limit: 1, trustProxy: false, queue: { size: 2, timeoutMs: 30_000 } } as const
    const [one, other] = [storeOf(), storeOf()].map((store) =>
      createConcurrencyLimiter({ ...options, store }),
    )
    const first = exchange()
    const second = exchange()
    const ran: string[] = []
    one?.(first.req, first.res, () => ran.push('first'))
    await until('the first runs', () => ran.length === 1)
    other?.(second.req, second.res, () => ran.push('second'))
    await until('the second waits', () => other?.waiting === 1)
    first.res.emit('close')
    await until('the second runs', () => ran.length === 2)
    second.res.emit('close')
    expect([one?.inFlight, other?.inFlight]).toEqual([0, 0])
  })

  it('count in memory while Redis fails, and are given back there', async () => {
    const broken = new RedisLeases({ client: { sendCommand: async () => Promise.reject(new Error('down')) } })
    const limiter = createConcurrencyLimiter({
      limit: 1,
      trustProxy: false,
      store: broken,
      logger: { info() {}, warn() {} },
    })
    const requests = [exchange(), exchange()]
    const ran: number[] = []
    for (const [index, { req, res }] of requests.entries()) limiter(req, res, () => ran.push(index))
    await until('the second is refused', () => requests[1]?.res.writableEnded === true)
    expect(ran).toEqual([0])
    requests[0]?.res.emit('close')
    expect(limiter.inFlight).toBe(0)
    await broken.close()
  })

  it('are for concurrency limiters only', () => {
    const error = thrownBy(() => createRateLimiter({ store: storeOf() }))
    expect(error).toBeInstanceOf(RateLimiterError)
    expect(error.code).toBe('unsupported_by_store')
  })

  it('reject options that they do not take', () => {
    expect(thrownBy(() => storeOf({ leaseMs: 50 })).message).toBe(
      'RedisLeases.leaseMs: takes a whole number, got 50. Give a number from 100 to 2147483647, without quotes.',
    )
  })
})
