import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Limit } from '../../../../src/limits/limit.ts'
import {
  PersistentMemoryStore,
  type PersistentMemoryStoreOptions,
} from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { FakeClock } from '../../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../../support/charges.ts'
import { emittedBy } from '../../../support/emitted-warnings.ts'
import { calendarLimit } from '../../../support/limits-by-algorithm.ts'
import { rejectionOf, thrownBy } from '../../../support/thrown-by.ts'
import { temporaryFolders } from './temporary-folder.ts'

const folder = temporaryFolders()
afterEach(() => void vi.useRealTimers())

const WHOLE_SECONDS = 'Give a number from 1 to 86400, without quotes.'
const PATH = "Give a text, such as '/var/lib/app/limits'."

describe('the options of PersistentMemoryStore', () => {
  it.each([
    [
      { persists: 1 },
      "PersistentMemoryStore.persists: is not an option, got 1. Did you mean 'persist'? Write persist, or leave it out.",
    ],
    [
      { persist: { pth: 'a' } },
      "PersistentMemoryStore.persist.pth: is not an option, got 'a'. Did you mean 'path'? Write path, or leave it out.",
    ],
    [
      { persist: { path: 'a', interval: 5 } },
      "PersistentMemoryStore.persist.interval: is not an option, got 5. Did you mean 'everySec'? Write everySec, in seconds.",
    ],
    [
      { persist: 'a' },
      "PersistentMemoryStore.persist: takes an object of options, got 'a'. Give an object; it may have path, everySec.",
    ],
    [{ persist: {} }, `PersistentMemoryStore.persist.path: takes the path of a file, got undefined. ${PATH}`],
    [
      { persist: { path: '' } },
      `PersistentMemoryStore.persist.path: takes the path of a file, got ''. ${PATH}`,
    ],
    [
      { persist: { path: 'a', everySec: 0 } },
      `PersistentMemoryStore.persist.everySec: takes a whole number, got 0. ${WHOLE_SECONDS}`,
    ],
    [
      { maxKeys: 0 },
      'MemoryStore.maxKeys: takes a whole number, got 0. Give a number from 1 to 16000000, without quotes.',
    ],
  ])('are not %o', (options, message) => {
    expect(thrownBy(() => new PersistentMemoryStore(options as PersistentMemoryStoreOptions)).message).toBe(
      message,
    )
  })

  it('are not those of load() with persist', async () => {
    const options = { persist: { path: 'a' } } as PersistentMemoryStoreOptions
    const { code, message } = await rejectionOf(PersistentMemoryStore.load('b', options))
    expect(code).toBe('impossible_combination')
    expect(message).toBe(
      'PersistentMemoryStore.persist: loads a file by itself, and so does PersistentMemoryStore.load(), ' +
        'got {"path":"a"}. Write new PersistentMemoryStore({ persist }).',
    )
  })

  it('have a path that is a text without a zero', async () => {
    expect((await rejectionOf(PersistentMemoryStore.load('a\0b'))).message).toBe(
      `path: takes the path of a file, got 'a\\x00b'. ${PATH}`,
    )
    expect((await rejectionOf(new PersistentMemoryStore().save(5 as never))).message).toBe(
      `path: takes the path of a file, got 5. ${PATH}`,
    )
  })
})

/** What happens to a store at one time. */
interface Step {
  readonly advanceMs: number
  readonly key: string
  readonly limits: readonly Limit[]
  readonly cost: number
  readonly act: 'consume' | 'block' | 'unblock' | 'reset'
}

const BAN = banRule(3, 60_000, 120_000)
const LIMIT_LISTS: readonly (readonly Limit[])[] = [
  ...ALGORITHMS.map((algorithm) => [limitOf(4, { algorithm })]),
  ALGORITHMS.map((algorithm, index) => limitOf(3 + index, { algorithm, name: `limit ${index}` })),
  // Numbers that need a wide row.
  [limitOf(2 ** 40, { name: 'wide', algorithm: 'token-bucket', windowMs: 1000 })],
  [calendarLimit(4, 'minute'), limitOf(5)],
  [calendarLimit(4, 'hour', 'Asia/Kathmandu')],
]

const SOME_STEP: fc.Arbitrary<Step> = fc.record({
  advanceMs: fc.oneof(fc.constant(0), fc.nat(20_000)),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'w\u2603'),
  limits: fc.constantFrom(...LIMIT_LISTS),
  cost: fc.integer({ min: 1, max: 3 }),
  act: fc.constantFrom('consume', 'consume', 'consume', 'consume', 'block', 'unblock', 'reset'),
})

function perform(store: PersistentMemoryStore, { key, limits, cost, act }: Step): unknown {
  if (act === 'block') return store.block(key, 30_000)
  if (act === 'unblock') return store.unblock(key)
  if (act === 'reset') return store.reset(key)
  const { receipt, ...decision } = store.consume(chargeOf(key, limits, cost, BAN))
  return decision
}

describe('a store that was saved and loaded', () => {
  it.each([
    ['a large store', 1000],
    ['a full store, with shared clients', 2],
  ])('decides as the store that was saved, on random traces: %s', async (_name, maxKeys) => {
    const path = join(folder(), 'limits')
    await fc.assert(
      fc.asyncProperty(
        fc.array(SOME_STEP, { maxLength: 40 }),
        fc.array(SOME_STEP, { maxLength: 40 }),
        async (before, after) => {
          const clock = new FakeClock(1_000_000)
          const store = new PersistentMemoryStore({ maxKeys, clock })
          for (const step of before) {
            clock.advance(step.advanceMs)
            perform(store, step)
          }
          await store.save(path)
          const loaded = await PersistentMemoryStore.load(path, { maxKeys, clock })
          for (const step of after) {
            clock.advance(step.advanceMs)
            // A full store chooses whom it forgets by the places of clients, which are the same only by chance.
            if (maxKeys < 5 && step.act !== 'consume') continue
            const expected = maxKeys < 5 ? store.peek(chargeOf(step.key, step.limits)) : perform(store, step)
            const actual = maxKeys < 5 ? loaded.peek(chargeOf(step.key, step.limits)) : perform(loaded, step)
            expect(actual).toEqual(expected)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('goes on in wall time, also while no process ran', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 })
    const path = join(folder(), 'limits')
    vi.advanceTimersByTime(5_000_000)
    const store = new PersistentMemoryStore()
    for (const algorithm of ALGORITHMS) {
      store.consume(chargeOf(algorithm, [limitOf(1, { algorithm })]))
    }
    store.block('banned', 60_000)
    const wide = [limitOf(2 ** 40)]
    store.consume(chargeOf('wide', wide, 2 ** 39))
    await store.save(path)
    // Another process: its monotonic clock starts again.
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_005_000_000 + 59_000 })
    expect(performance.now()).toBeLessThan(1000)
    const loaded = await PersistentMemoryStore.load(path)
    for (const algorithm of ALGORITHMS) {
      const charge = chargeOf(algorithm, [limitOf(1, { algorithm })])
      expect(loaded.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 1000 })
    }
    expect(loaded.peek(chargeOf('banned')).ban?.endsInMs).toBe(1000)
    expect(loaded.peek(chargeOf('wide', wide)).limits).toMatchObject([{ remaining: 2 ** 39, resetMs: 1000 }])
    vi.advanceTimersByTime(1000)
    for (const key of [...ALGORITHMS, 'banned']) {
      expect(loaded.consume(chargeOf(key, [limitOf(1)])).allowed).toBe(true)
    }
  })

  it('keeps calendar windows, which end by the wall time', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.parse('2026-02-27T12:00:00Z') })
    const path = join(folder(), 'limits')
    const charge = chargeOf('client', [calendarLimit(3, 'month', 'Europe/Berlin')], 2)
    const store = new PersistentMemoryStore()
    store.consume(charge)
    await store.save(path)
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.parse('2026-02-28T22:00:00Z') })
    const loaded = await PersistentMemoryStore.load(path)
    expect(loaded.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 })
    expect(loaded.consume({ ...charge, cost: 1 }).allowed).toBe(true)
    vi.advanceTimersByTime(3_600_000)
    expect(loaded.consume(charge)).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
  })

  it('waits for a window at most if the wall clock was set back in between', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_700_000_000_000 })
    const path = join(folder(), 'limits')
    const store = new PersistentMemoryStore()
    const charge = chargeOf('a', [limitOf(1)])
    store.consume(charge)
    await store.save(path)
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_600_000_000_000 })
    const loaded = await PersistentMemoryStore.load(path)
    expect(loaded.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: 60_000 })
    vi.advanceTimersByTime(60_000)
    expect(loaded.consume(charge).allowed).toBe(true)
  })

  it('does not have clients that have expired', async () => {
    const path = join(folder(), 'limits')
    const clock = new FakeClock()
    const store = new PersistentMemoryStore({ clock })
    store.consume(chargeOf('early'))
    clock.advance(60_000)
    store.consume(chargeOf('late'))
    await store.save(path)
    clock.advance(30_000)
    expect((await PersistentMemoryStore.load(path, { clock })).size).toBe(1)
    clock.advance(60_000)
    expect((await PersistentMemoryStore.load(path, { clock })).size).toBe(0)
  })

  it('with fewer maxKeys forgets those that a full store forgets, and counts them', async () => {
    const path = join(folder(), 'limits')
    const clock = new FakeClock()
    const store = new PersistentMemoryStore({ clock })
    for (let key = 0; key < 500; key++) store.consume(chargeOf(`idle ${key}`))
    for (let key = 0; key < 20; key++) store.consume(chargeOf(`limited ${key}`, [limitOf(1)]))
    for (let key = 0; key < 20; key++) store.block(`banned ${key}`, 3_600_000)
    await store.save(path)
    const loaded = await PersistentMemoryStore.load(path, { clock, maxKeys: 100 })
    expect(loaded.stats()).toMatchObject({ keys: 100, maxKeys: 100, unexpiredEvictions: 440, overflowed: 0 })
    for (let key = 0; key < 20; key++) {
      expect(loaded.peek(chargeOf(`limited ${key}`, [limitOf(1)])).allowed).toBe(false)
      expect(loaded.peek(chargeOf(`banned ${key}`)).ban).toBeDefined()
    }
    // Not even the banned clients have room.
    const small = await PersistentMemoryStore.load(path, { clock, maxKeys: 10 })
    expect(small.stats()).toMatchObject({ keys: 10, unexpiredEvictions: 530 })
    const bans = Array.from({ length: 20 }, (_, key) => small.peek(chargeOf(`banned ${key}`)).ban)
    expect(bans.filter((ban) => ban !== undefined)).toHaveLength(10)
  })

  it('has the shared clients of a full store', async () => {
    const path = join(folder(), 'limits')
    const clock = new FakeClock()
    const store = new PersistentMemoryStore({ clock, maxKeys: 2 })
    for (const key of ['banned 1', 'banned 2']) store.block(key, 3_600_000)
    const keys = Array.from({ length: 1000 }, (_, key) => `new ${key}`)
    const allowedBy = (given: PersistentMemoryStore): string[] =>
      keys.filter((key) => given.consume(chargeOf(key)).allowed)
    expect(allowedBy(store)).toHaveLength(64 * 3)
    await store.save(path)
    const loaded = await PersistentMemoryStore.load(path, { clock, maxKeys: 2 })
    expect(allowedBy(loaded)).toEqual([])
    clock.advance(60_000)
    expect(allowedBy(loaded)).toHaveLength(64 * 3)
  })

  it('forgets idle clients by itself, and gives their memory back', async () => {
    vi.useFakeTimers()
    const path = join(folder(), 'limits')
    const clock = new FakeClock()
    const store = new PersistentMemoryStore({ clock })
    store.consume(chargeOf('a'))
    const saved = store.save(path)
    await saved
    const loaded = await PersistentMemoryStore.load(path, { clock })
    const emptyBytes = new PersistentMemoryStore().stats().bytes
    clock.advance(90_000)
    vi.advanceTimersByTime(60_000)
    expect(loaded.size).toBe(0)
    expect(loaded.stats().bytes).toBe(emptyBytes)
  })
})

describe('the file', () => {
  it('may be read by the user only, replaces the file before, and leaves no other file', async () => {
    const path = join(folder(), 'limits')
    writeFileSync(path, 'older', { mode: 0o644 })
    const store = new PersistentMemoryStore()
    await Promise.all([store.save(path), store.save(path), new PersistentMemoryStore().save(path)])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path).subarray(0, 8).toString()).toBe('tollgate')
    expect(readdirSync(join(path, '..'))).toEqual(['limits'])
  })

  it('holds no key', async () => {
    const path = join(folder(), 'limits')
    const store = new PersistentMemoryStore()
    store.consume(chargeOf('203.0.113.7'))
    await store.save(path)
    expect(readFileSync(path, 'latin1')).not.toContain('203.0.113.7')
  })

  it('is not needed: without one, the store is empty and there is no warning', async () => {
    const warnings = await emittedBy(async () => {
      expect((await PersistentMemoryStore.load(join(folder(), 'none'))).size).toBe(0)
    })
    expect(warnings).toEqual([])
  })

  it('is not replaced by a save that fails, or after close()', async () => {
    const path = join(folder(), 'limits')
    const store = new PersistentMemoryStore()
    store.consume(chargeOf('a'))
    await store.save(path)
    const before = readFileSync(path)
    store.consume(chargeOf('b'))
    const saving = store.save(path)
    await store.close()
    expect(await rejectionOf(saving)).toMatchObject({ code: 'closed' })
    expect((await rejectionOf(store.save(path))).message).toBe(
      'this PersistentMemoryStore was closed. Save it before.',
    )
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(join(path, '..'))).toEqual(['limits'])
    const nowhere = join(path, 'x')
    const error = await rejectionOf(new PersistentMemoryStore().save(nowhere))
    expect(error).toMatchObject({ code: 'store_failed', cause: { code: 'ENOTDIR' } })
    expect(error.message).toContain(`a PersistentMemoryStore could not be saved to '${nowhere}': ENOTDIR`)
    expect(error.message).toContain('The file is as it was before.')
  })
})
