import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENTS, type ConnectedClient } from '../../support/redis/clients.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { expectNoProcessErrors } from '../../support/redis/process-errors.ts'
import {
  type RedisPair,
  type RedisSentinel,
  type Switch,
  startRedisPair,
  startSentinel,
  startSwitch,
} from '../../support/redis/redis-failover.ts'
import { SENTINEL_CLIENTS } from '../../support/redis/sentinel-clients.ts'
import { LIMIT, Traffic } from '../../support/redis/traffic.ts'
import { until } from '../../support/redis/until.ts'

const A_MINUTE_MS = 60_000
const BUSY = ['busy-1', 'busy-2', 'busy-3']

type Connect = () => Promise<ConnectedClient>

describeRedisServer('RedisStore in a failover', () => {
  const traffics = new Map<string, Traffic>()
  const get = (name: string): Traffic => {
    const traffic = traffics.get(name)
    if (traffic === undefined) throw new Error(`no traffic through ${name}`)
    return traffic
  }
  const prefixOf = (name: string): string => name.replaceAll(' ', '-')
  let pair: RedisPair

  expectNoProcessErrors()

  /** Requests go on before, while and after the replica takes the place of the primary, which is killed. */
  async function failOver(connects: Readonly<Record<string, Connect>>, takeOver?: () => Promise<void>) {
    for (const [name, connect] of Object.entries(connects)) {
      const traffic = await Traffic.prepare(await connect(), prefixOf(name))
      traffics.set(name, traffic)
      for (let turn = 0; turn <= LIMIT; turn++) await traffic.request('used-up')
    }
    await pair.isCaughtUp()
    for (const traffic of traffics.values()) traffic.start(['used-up', ...BUSY])
    await pair.primary.stop()
    const all = [...traffics.values()]
    await until('all notice', () => all.every(({ limiter }) => limiter.health().lastError !== undefined))
    await takeOver?.()
    await pair.isPromoted()
    const promoted = new Redis(pair.replica.url)
    for (const [name, traffic] of traffics) await isCountedOn(promoted, name, traffic)
    promoted.disconnect()
  }

  async function isCountedOn(promoted: Redis, name: string, traffic: Traffic): Promise<void> {
    await until(`${name} is counted on the new primary`, async () => {
      await traffic.request('late')
      const isThere = await promoted.exists(`${prefixOf(name)}:v1:default:read:late`)
      const isUsedUp = BUSY.every((client) => traffic.countOf(client, 429) > 0)
      return isThere === 1 && isUsedUp && traffic.limiter.health().state === 'closed'
    })
    await traffic.stop()
  }

  async function closeAll(): Promise<void> {
    for (const traffic of traffics.values()) await traffic.close()
    traffics.clear()
    await pair.stop()
  }

  function itGoesOn(names: readonly string[]): void {
    it.each(names)('answers every request as ever: %s', (name) => {
      expect(get(name).statuses).toEqual([200, 429])
    })

    it.each(names)('noticed it, and is well again: %s', async (name) => {
      const { limiter } = get(name)
      expect(limiter.health()).toMatchObject({
        state: 'closed',
        lastError: expect.objectContaining({ code: expect.stringMatching(/^store_/) as unknown }) as unknown,
      })
      expect(await limiter.consume('new')).toMatchObject({ limits: [{ remaining: LIMIT - 1 }] })
    })

    it.each(names)('grants no client its limit more than once again: %s', (name) => {
      for (const client of BUSY) {
        expect(get(name).countOf(client, 200)).toBeGreaterThanOrEqual(LIMIT)
        expect(get(name).countOf(client, 200)).toBeLessThanOrEqual(2 * LIMIT)
      }
    })

    it.each(names)('goes on refusing whom the replica knew to have used up all: %s', (name) => {
      expect(get(name).countOf('used-up', 200)).toBe(LIMIT)
    })
  }

  describe('that a sentinel brings about when the primary dies', () => {
    let sentinel: RedisSentinel
    beforeAll(async () => {
      pair = await startRedisPair()
      sentinel = await startSentinel(pair)
      const connects = Object.entries(SENTINEL_CLIENTS).map(
        ([name, connect]) => [name, () => connect(sentinel.port)] as const,
      )
      await failOver(Object.fromEntries(connects))
    }, A_MINUTE_MS)
    afterAll(async () => {
      await closeAll()
      await sentinel.stop()
    })

    itGoesOn(Object.keys(SENTINEL_CLIENTS))
  })

  describe('by hand, behind an address that stays', () => {
    let address: Switch
    beforeAll(async () => {
      pair = await startRedisPair()
      address = await startSwitch(pair.primary.port)
      const connects = Object.entries(CLIENTS).map(
        ([name, connect]) => [name, () => connect(address.url)] as const,
      )
      await failOver(Object.fromEntries(connects), async () => {
        await pair.promote()
        address.leadTo(pair.replica.port)
      })
    }, A_MINUTE_MS)
    afterAll(async () => {
      await closeAll()
      await address.stop()
    })

    itGoesOn(Object.keys(CLIENTS))
  })
})
