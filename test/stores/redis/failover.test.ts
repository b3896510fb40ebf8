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

  /**
   * Sends requests before, during and after the failover from the primary, which is killed, to its replica.
   */
  async function failOver(connects: Readonly<Record<string, Connect>>, switchOver?: () => Promise<void>) {
    for (const [name, connect] of Object.entries(connects)) {
      const traffic = await Traffic.prepare(await connect(), prefixOf(name))
      traffics.set(name, traffic)
      for (let turn = 0; turn <= LIMIT; turn++) await traffic.request('used-up')
    }
    await pair.isCaughtUp()
    for (const traffic of traffics.values()) traffic.start(['used-up', ...BUSY])
    await pair.primary.stop()
    const all = [...traffics.values()]
    await until('all have noticed', () =>
      all.every(({ limiter }) => limiter.health().lastError !== undefined),
    )
    await switchOver?.()
    await pair.isPromoted()
    const promoted = new Redis(pair.replica.url)
    for (const [name, traffic] of traffics) await isCountedOn(promoted, name, traffic)
    promoted.disconnect()
  }

  async function isCountedOn(promoted: Redis, name: string, traffic: Traffic): Promise<void> {
    await until(`${name} counts on the new primary`, async () => {
      await traffic.request('late')
      const exists = await promoted.exists(`${prefixOf(name)}:v2:default:read:late`)
      const isUsedUp = BUSY.every((client) => traffic.countOf(client, 429) > 0)
      return exists === 1 && isUsedUp && traffic.limiter.health().state === 'closed'
    })
    await traffic.stop()
  }

  async function closeAll(): Promise<void> {
    for (const traffic of traffics.values()) await traffic.close()
    traffics.clear()
    await pair.stop()
  }

  function itSurvives(names: readonly string[]): void {
    it.each(names)('answers every request with 200 or 429: %s', (name) => {
      expect(get(name).statuses).toEqual([200, 429])
    })

    it.each(names)('notices the outage and recovers: %s', async (name) => {
      const { limiter } = get(name)
      expect(limiter.health()).toMatchObject({
        state: 'closed',
        lastError: expect.objectContaining({ code: expect.stringMatching(/^store_/) as unknown }) as unknown,
      })
      expect(await limiter.consume('new', { class: 'read' })).toMatchObject({
        limits: [{ remaining: LIMIT - 1 }],
      })
    })

    it.each(names)('grants each client its limit at most twice: %s', (name) => {
      for (const client of BUSY) {
        expect(get(name).countOf(client, 200)).toBeGreaterThanOrEqual(LIMIT)
        expect(get(name).countOf(client, 200)).toBeLessThanOrEqual(2 * LIMIT)
      }
    })

    it.each(names)('refuses a client whose limit was used up before the failover: %s', (name) => {
      expect(get(name).countOf('used-up', 200)).toBe(LIMIT)
    })
  }

  describe('by a sentinel when the primary ends', () => {
    let sentinel: RedisSentinel
    beforeAll(async () => {
      pair = await startRedisPair()
      sentinel = await startSentinel(pair)
      const connects = Object.entries(SENTINEL_CLIENTS).map(
        ([name, connect]) => [name, () => connect(sentinel.port)] as const,
      )
      await failOver(Object.fromEntries(connects))
    })
    afterAll(async () => {
      await closeAll()
      await sentinel.stop()
    })

    itSurvives(Object.keys(SENTINEL_CLIENTS))
  })

  describe('by hand, behind an address that stays the same', () => {
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
    })
    afterAll(async () => {
      await closeAll()
      await address.stop()
    })

    itSurvives(Object.keys(CLIENTS))
  })
})
