import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type LimitSetting, MemoryStore } from '../../../src/index.ts'
import { Pruner } from '../../../src/stores/memory/capacity/pruner.ts'
import { type Fingerprint, KeyHash } from '../../../src/stores/memory/table/key-hash.ts'
import { RowStore } from '../../../src/stores/memory/table/row-store.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { ADVERSARIAL_SETS, randomKeys } from '../../support/adversarial-keys.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const LIMITS = [
  { name: 'read', limit: 5, burst: 5, windowMs: 60_000, ttlMs: 90_000, algorithm: 'fixed-window' as const },
]

describe('memory and time', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it.each([
    ['are all stored', 0],
    ['have all expired', 90_000],
  ])('threat 19: no run of the timer checks more than a thousand keys, which %s', (_which, passedMs) => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    for (let client = 0; client < 5500; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
    }
    clock.set(clock.now() + passedMs)
    const prune = vi.spyOn(Pruner.prototype, 'prune')
    const checkedKeys = Array.from({ length: 10 }, () => {
      prune.mockClear()
      const before = store.size
      vi.advanceTimersToNextTimer()
      expect(before - store.size).toBeLessThanOrEqual(1000)
      return prune.mock.calls.reduce((sum, [, most]) => sum + most, 0)
    })
    expect(Math.max(...checkedKeys)).toBe(1000)
    expect(store.size).toBe(passedMs === 0 ? 5500 : 0)
    store.close()
  })

  it.each([15, 50, 200])(
    'threat 18: a flood of ten times maxKeys evicts none of %d limited clients',
    (limitedClients) => {
      const store = new MemoryStore({ maxKeys: 1000, clock: new FakeClock() })
      const limitedKeys = Array.from({ length: limitedClients }, (_, client) => `limited ${client}`)
      for (const key of limitedKeys) {
        for (let turn = 0; turn < 5; turn++) store.consume({ key, limits: LIMITS, cost: 1 })
      }
      for (let client = 0; client < 10_000; client++) {
        store.consume({ key: `flood ${client}`, limits: LIMITS, cost: 1 })
      }
      const evicted = limitedKeys.filter((key) => store.peek({ key, limits: LIMITS, cost: 1 }).allowed)
      expect(evicted).toEqual([])
      expect(store.stats()).toMatchObject({
        keys: 1000,
        unexpiredEvictions: limitedClients + 10_000 - 1000,
        overflowed: 0,
      })
      store.close()
    },
  )

  it('threat 18: none of 300 floods evicts a limited client, and the counts are exact', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed)
      const maxKeys = 1 + random(60)
      const store = new MemoryStore({ maxKeys, clock: new FakeClock() })
      const limitedKeys: string[] = []
      const charge = (key: string, times: number): void => {
        for (let turn = 0; turn < times; turn++) store.consume({ key, limits: LIMITS, cost: 1 })
      }
      let stored = 0
      let overflowed = 0
      for (let client = 0; client < 3 * maxKeys; client++) {
        const times = 1 + random(6)
        if (limitedKeys.length === maxKeys) overflowed += times
        else stored++
        charge(`client ${client}`, times)
        if (times >= 5 && limitedKeys.length < maxKeys) limitedKeys.push(`client ${client}`)
      }
      const evicted = limitedKeys.filter((key) => store.peek({ key, limits: LIMITS, cost: 1 }).allowed)
      expect([seed, evicted]).toEqual([seed, []])
      const keys = Math.min(maxKeys, stored)
      expect(store.stats()).toMatchObject({ keys, unexpiredEvictions: stored - keys, overflowed })
      store.close()
    }
  })

  it('threat 18: a flood of clients without units evicts no client, and gains at most 64 quotas', () => {
    const store = new MemoryStore({ maxKeys: 1000, clock: new FakeClock() })
    let allowedClients = 0
    for (let client = 0; client < 10_000; client++) {
      const { allowed } = store.consume({ key: `flood ${client}`, limits: LIMITS, cost: 5 })
      if (allowed) allowedClients++
    }
    expect(allowedClients).toBe(1000 + 64)
    expect(store.stats()).toMatchObject({ keys: 1000, unexpiredEvictions: 0, overflowed: 9000 })
    store.close()
  })

  it('threat 18: a limited client with a small limit is not evicted for clients that used little of a large limit', () => {
    const store = new MemoryStore({ maxKeys: 16, clock: new FakeClock() })
    const largeLimits = LIMITS.map((limit) => ({ ...limit, limit: 1000, burst: 1000 }))
    for (let turn = 0; turn < 5; turn++) store.consume({ key: 'login', limits: LIMITS, cost: 1 })
    for (let client = 0; client < 100; client++) {
      store.consume({ key: `reader ${client}`, limits: largeLimits, cost: 6 })
    }
    expect(store.peek({ key: 'login', limits: LIMITS, cost: 1 }).allowed).toBe(false)
    store.close()
  })

  it.each([
    ['uses little of its limit', 5],
    ['uses up its limit', 1],
    ['uses up one of several limits', [{ limit: 1, windowSec: 1 }, { limit: 500 }]],
    ['empties its bucket', { limit: 1, algorithm: 'token-bucket' }],
  ] as ReadonlyArray<[string, LimitSetting<unknown>]>)(
    'threat 18: banned clients stay banned during a flood in which each client %s',
    async (_what, read) => {
      const clock = new FakeClock()
      const store = new MemoryStore({ maxKeys: 500, clock })
      const ban = { after: 2, withinSec: 60, forSec: 3600 }
      const limiter = createRateLimiter({ read, write: false, ban, store, clock })
      const clients = Array.from({ length: 20 }, (_, client) => `client ${client}`)
      for (const [index, client] of clients.entries()) {
        if (index % 2 === 0) await limiter.block(client, 3600)
        else for (let turn = 0; turn < 7; turn++) await limiter.consume(client, { class: 'read' })
      }
      for (let client = 0; client < 5000; client++)
        await limiter.consume(`flood ${client}`, { class: 'read' })
      const notBanned = []
      for (const client of clients) {
        if ((await limiter.peek(client, { class: 'read' })).ban?.endsInMs !== 3_600_000)
          notBanned.push(client)
      }
      expect(notBanned).toEqual([])
      store.close()
    },
  )

  it('threat 18: the store never has more than maxKeys keys', () => {
    const store = new MemoryStore({ maxKeys: 100, clock: new FakeClock() })
    for (let client = 0; client < 10_000; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
      expect(store.size).toBeLessThanOrEqual(100)
    }
    expect(store.size).toBe(100)
    store.close()
  })
})

const SEGMENTS = 64

/** The number of keys in each of SEGMENTS parts, by one of the words of their fingerprints. */
function occupancy(keys: readonly string[], partOf: (fingerprint: Fingerprint) => number): number[] {
  const hash = new KeyHash()
  const counts = Array.from({ length: SEGMENTS }, () => 0)
  for (const key of keys) {
    const part = partOf(hash.of(key))
    counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}

/**
 * The mean distance of keys from their home positions, in a table with linear probing that is four fifths
 * full.
 */
function meanDistance(keys: readonly string[]): number {
  const hash = new KeyHash()
  const size = keys.length * 1.25
  const homes = keys.map((key) => Math.floor(((hash.of(key).first >>> 0) / 2 ** 32) * size))
  let position = -1
  let distances = 0
  for (const home of homes.sort((one, other) => one - other)) {
    position = Math.max(position + 1, home)
    distances += position - home
  }
  return distances / keys.length
}

describe.each(ADVERSARIAL_SETS)('threat 20: keys that an attacker chose ($name)', ({ keysOf }) => {
  const COUNT = 4096
  const keys = keysOf(COUNT)

  afterEach(() => {
    vi.restoreAllMocks()
  })

  // The mean is 64 keys in a part, with a standard deviation of 8. The bounds are at least six times that
  // away.
  it.each([
    ['segments', ({ second }: Fingerprint) => second & (SEGMENTS - 1)],
    ['positions in a segment', ({ first }: Fingerprint) => first >>> 26],
    ['bits that distinguish neighbours', ({ second }: Fingerprint) => second >>> 26],
    ['shared clients', ({ third }: Fingerprint) => third & (SEGMENTS - 1)],
  ])('are spread evenly over %s', (_what, partOf) => {
    expect(new Set(keys).size).toBe(COUNT)
    const counts = occupancy(keys, partOf)
    expect(Math.max(...counts)).toBeLessThan(128)
    expect(Math.min(...counts)).toBeGreaterThan(14)
  })

  it('are as near to their home positions as other keys', () => {
    // The mean is two positions, by Knuth's analysis of linear probing.
    expect(meanDistance(keys)).toBeLessThan(4)
  })

  it('need as few comparisons of rows, and as much memory, as other keys', () => {
    const store = new MemoryStore()
    const storeOfRandomKeys = new MemoryStore()
    for (const key of keys) store.consume({ key, limits: LIMITS, cost: 1 })
    for (const key of randomKeys(COUNT, 31)) storeOfRandomKeys.consume({ key, limits: LIMITS, cost: 1 })
    expect(store.size).toBe(COUNT)
    expect(store.stats().bytes).toBeLessThan(1.3 * storeOfRandomKeys.stats().bytes)
    const has = vi.spyOn(RowStore.prototype, 'has')
    for (const key of keys) expect(store.peek({ key, limits: LIMITS, cost: 1 }).limits[0]?.remaining).toBe(4)
    expect(has.mock.calls.length).toBeGreaterThanOrEqual(COUNT)
    expect(has.mock.calls.length).toBeLessThan(1.5 * COUNT)
    has.mockClear()
    for (const key of keys) store.peek({ key: `${key}!`, limits: LIMITS, cost: 1 })
    expect(has.mock.calls.length).toBeLessThan(0.5 * COUNT)
    store.close()
    storeOfRandomKeys.close()
  })
})

describe('timers and the process', () => {
  it('threat 19: a limiter with clients does not keep the process alive', async () => {
    const source = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
    const program = `
      import { createRateLimiter } from ${JSON.stringify(source)}
      const limiter = createRateLimiter()
      limiter.consume('client', { class: 'read' }).then(({ allowed }) => console.log('allowed', allowed))
    `
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    })
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    const watchdog = setTimeout(() => child.kill('SIGKILL'), 100_000)
    const code = await new Promise((resolve) => child.once('close', resolve))
    clearTimeout(watchdog)
    expect(printed).toBe('allowed true\n')
    expect(code, 'the process ended without a signal').toBe(0)
  })
})
