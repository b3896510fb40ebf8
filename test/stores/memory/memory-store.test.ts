import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Limit } from '../../../src/limits/limit.ts'
import { MemoryStore, type MemoryStoreOptions } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { chargeOf, limitOf } from '../../support/charges.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'

// Timers are faked and never run: these tests do not depend on them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const isAllowed = (store: MemoryStore, key: string): boolean => store.peek(chargeOf(key)).allowed

describe('the options of MemoryStore', () => {
  const most = 'Give a number from 1 to 16000000, without quotes.'
  const clock = 'Give { now(): number } in milliseconds.'

  it.each([
    [{ maxKeys: 0 }, `MemoryStore.maxKeys: takes a whole number, got 0. ${most}`],
    [{ maxKeys: -1 }, `MemoryStore.maxKeys: takes a whole number, got -1. ${most}`],
    [{ maxKeys: 1.5 }, `MemoryStore.maxKeys: takes a whole number, got 1.5. ${most}`],
    [{ maxKeys: '10' }, `MemoryStore.maxKeys: takes a whole number, got '10'. ${most}`],
    [{ maxKeys: null }, `MemoryStore.maxKeys: takes a whole number, got null. ${most}`],
    [{ maxKeys: Number.NaN }, `MemoryStore.maxKeys: takes a whole number, got NaN. ${most}`],
    [
      { maxKeys: Number.POSITIVE_INFINITY },
      `MemoryStore.maxKeys: takes a whole number, got Infinity. ${most}`,
    ],
    [{ maxKeys: 16_000_001 }, `MemoryStore.maxKeys: takes a whole number, got 16000001. ${most}`],
    [{ clock: Date.now }, `MemoryStore.clock: takes a clock, got the function now. ${clock}`],
    [{ clock: {} }, `MemoryStore.clock: takes a clock, got {}. ${clock}`],
    [{ clock: { now: 5 } }, `MemoryStore.clock: takes a clock, got {"now":5}. ${clock}`],
    [{ clock: null }, `MemoryStore.clock: takes a clock, got null. ${clock}`],
    [
      { maxkeys: 5 },
      "MemoryStore.maxkeys: is not an option, got 5. Did you mean 'maxKeys'? Write maxKeys, or leave it out.",
    ],
    [
      { persist: { path: 'a' } },
      'MemoryStore.persist: is an option of PersistentMemoryStore, got {"path":"a"}. ' +
        "Give store: new PersistentMemoryStore({ persist }) of 'express-tollgate/persistence'.",
    ],
    [null, 'MemoryStore: takes an object of options, got null. Give an object; it may have maxKeys, clock.'],
    [5, 'MemoryStore: takes an object of options, got 5. Give an object; it may have maxKeys, clock.'],
  ])('are not %o', (options, message) => {
    expect(thrownBy(() => new MemoryStore(options as MemoryStoreOptions)).message).toBe(message)
  })

  it('may be left out, some or all', () => {
    expect(new MemoryStore().size).toBe(0)
    expect(new MemoryStore({ maxKeys: 16_000_000 }).size).toBe(0)
    expect(new MemoryStore({ clock: new FakeClock() }).size).toBe(0)
  })
})

describe('MemoryStore', () => {
  it('declares its capabilities', () => {
    expect(new MemoryStore().capabilities).toEqual({
      algorithms: ['fixed-window', 'sliding-window', 'token-bucket', 'calendar-window'],
      severalLimits: true,
      bans: true,
      shared: false,
    })
  })

  it('answers in whole milliseconds on a clock with fractions', () => {
    const clock = new FakeClock(1000.9)
    const store = new MemoryStore({ clock })
    const resets: unknown[] = []
    for (let turn = 0; turn < 4; turn++) {
      const { retryAfterMs, limits } = store.consume(chargeOf('client'))
      resets.push([retryAfterMs, limits[0]?.resetMs])
      clock.advance(0.3)
    }
    expect(resets).toEqual([
      [0, 60_000],
      [0, 59_999],
      [0, 59_999],
      [59_999, 59_999],
    ])
  })

  it('uses a clock of its own where none is given, in whole milliseconds', () => {
    const store = new MemoryStore()
    for (let turn = 0; turn < 3; turn++) {
      const { limits } = store.consume(chargeOf('client'))
      expect(limits[0]?.resetMs).toSatisfy(Number.isInteger)
    }
    expect(store.consume(chargeOf('client')).allowed).toBe(false)
  })

  it('takes all of a cost or nothing, up to the whole limit', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const limits = [limitOf(10)]
    const remainingAfter = (cost: number): unknown => {
      const { allowed, limits: states } = store.consume(chargeOf('client', limits, cost))
      return [allowed, states[0]?.remaining]
    }
    expect([1, 3, 7, 6, 1].map(remainingAfter)).toEqual([
      [true, 9],
      [true, 6],
      [false, 6],
      [true, 0],
      [false, 0],
    ])
    expect(store.consume(chargeOf('other', limits, 10))).toMatchObject({ allowed: true })
  })

  it('charges all of several limits or none', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const limits = [
      limitOf(2, { name: 'second', windowMs: 1000, ttlMs: 1000 }),
      limitOf(3, { name: 'minute' }),
    ]
    const ask = (): unknown => {
      const { allowed, retryAfterMs, limits: states } = store.consume(chargeOf('client', limits))
      return [allowed, retryAfterMs, ...states.map(({ remaining }) => remaining)]
    }
    expect([ask(), ask(), ask()]).toEqual([
      [true, 0, 1, 2],
      [true, 0, 0, 1],
      [false, 1000, 0, 1],
    ])
    clock.advance(1000)
    expect([ask(), ask()]).toEqual([
      [true, 0, 1, 0],
      [false, 59_000, 1, 0],
    ])
  })

  it('refunds no charge of a client that was forgotten in the meantime', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const { receipt } = store.consume(chargeOf('client'))
    if (receipt === undefined) throw new Error('no receipt')
    store.resetAll()
    store.consume(chargeOf('client'))
    store.settle(receipt, 0)
    expect(store.peek(chargeOf('client')).limits[0]?.remaining).toBe(2)
  })

  it('writes receipts that show nothing', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const { receipt } = store.consume(chargeOf('client'))
    expect(receipt).toBeTypeOf('object')
    expect(JSON.stringify(receipt)).toBe('{}')
    expect(Reflect.ownKeys(receipt ?? { missing: true })).toEqual([])
  })

  it('takes only its own receipts: no copy, and none of another store', () => {
    const clock = new FakeClock()
    const [store, other] = [new MemoryStore({ clock }), new MemoryStore({ clock })]
    const { receipt = {} } = store.consume(chargeOf('client'))
    const { receipt: foreign = {} } = other.consume(chargeOf('client'))
    for (const forged of [{}, { ...receipt }, structuredClone(receipt), foreign]) {
      expect(() => store.settle(forged, 0)).not.toThrow()
    }
    expect(store.peek(chargeOf('client')).limits[0]?.remaining).toBe(2)
    store.settle(receipt, 0)
    expect(store.peek(chargeOf('client')).limits[0]?.remaining).toBe(3)
  })

  it('leaves out the receipt, and nothing else, where a charge is not refundable', () => {
    for (const limits of [[limitOf(3)], [limitOf(3, { algorithm: 'token-bucket' })]]) {
      const store = new MemoryStore({ clock: new FakeClock() })
      // The first charge opens the window, the second one counts in it, the third one takes the last unit.
      for (const _ of [1, 2, 3]) {
        const { receipt, ...rest } = store.consume(chargeOf('refundable', limits))
        expect(receipt).toBeDefined()
        const decision = store.consume({ ...chargeOf('not refundable', limits), refundable: false })
        expect(decision).toEqual(rest)
        expect(decision).not.toHaveProperty('receipt')
      }
    }
  })

  it('shows its figures', () => {
    const store = new MemoryStore({ maxKeys: 100_000, clock: new FakeClock() })
    const empty = { keys: 0, maxKeys: 100_000, bytes: 0, unexpiredEvictions: 0, overflowed: 0 }
    expect(store.stats()).toEqual(empty)
    for (let turn = 0; turn < 50_000; turn++) store.consume(chargeOf(`client ${turn}`))
    const { bytes, ...counts } = store.stats()
    expect(counts).toEqual({ keys: 50_000, maxKeys: 100_000, unexpiredEvictions: 0, overflowed: 0 })
    // A row of eight words, and an entry in the index, which is at most 80 % full.
    expect(bytes / 50_000).toBeGreaterThan(36)
    expect(bytes / 50_000).toBeLessThan(50)
    store.resetAll()
    expect(store.stats()).toEqual(empty)
  })

  it('remembers no client for a refusal or a peek', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    store.peek(chargeOf('client'))
    store.consume(chargeOf('client', [limitOf(1)], 2))
    expect(store.size).toBe(0)
  })
})

describe('a MemoryStore that was closed', () => {
  it('throws an error that says so, and can be closed again', () => {
    const store = new MemoryStore()
    const { receipt } = store.consume(chargeOf('client'))
    store.close()
    store.close()
    for (const ask of [
      () => store.consume(chargeOf('client')),
      () => store.peek(chargeOf('client')),
      () => store.block('client', 5000),
    ]) {
      const error = thrownBy(ask)
      expect(error.code).toBe('closed')
      expect(error.message).toBe('this MemoryStore was closed. Close it after the last request.')
    }
    expect(store.size).toBe(0)
    // What the last requests still do has no effect.
    store.settle(receipt ?? {}, 0)
    store.unblock('client')
    store.reset('client')
    store.resetAll()
  })

  it('rejects in async code', async () => {
    const store = new MemoryStore()
    store.close()
    const error = await rejectionOf((async () => store.consume(chargeOf('client')))())
    expect(error.code).toBe('closed')
  })
})

describe('a MemoryStore at maxKeys', () => {
  it('never remembers more keys', () => {
    const key = fc.stringMatching(/^[a-f]{1,2}$/)
    const step = fc.oneof(key, fc.integer({ min: 1, max: 50_000 }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (maxKeys, steps) => {
        const clock = new FakeClock()
        const store = new MemoryStore({ maxKeys, clock })
        for (const next of steps) {
          if (typeof next === 'number') clock.advance(next)
          else store.consume(chargeOf(next))
          expect(store.size).toBeLessThanOrEqual(maxKeys)
        }
      }),
    )
  })

  it('allows a new client, and remembers it', () => {
    const store = new MemoryStore({ maxKeys: 1, clock: new FakeClock() })
    for (const key of ['one', 'two', 'three']) expect(store.consume(chargeOf(key)).allowed).toBe(true)
    expect(store.size).toBe(1)
    expect(store.peek(chargeOf('three')).limits[0]?.remaining).toBe(2)
  })

  it('charges a known client without forgetting another one', () => {
    const store = new MemoryStore({ maxKeys: 2, clock: new FakeClock() })
    store.consume(chargeOf('one'))
    for (const _ of [1, 2, 3, 4]) store.consume(chargeOf('two'))
    expect(store.peek(chargeOf('one')).limits[0]?.remaining).toBe(2)
    expect(isAllowed(store, 'two')).toBe(false)
  })

  it('forgets the client that has used the least, and keeps a refused one', () => {
    const store = new MemoryStore({ maxKeys: 3, clock: new FakeClock() })
    store.consume(chargeOf('refused', [limitOf(3)], 3))
    store.consume(chargeOf('busy', [limitOf(3)], 2))
    store.consume(chargeOf('quiet'))
    store.consume(chargeOf('new client'))
    expect(isAllowed(store, 'refused')).toBe(false)
    expect(store.peek(chargeOf('busy')).limits[0]?.remaining).toBe(1)
    expect(store.peek(chargeOf('quiet')).limits[0]?.remaining).toBe(3)
  })

  it('ranks clients by the tightest of their limits', () => {
    const store = new MemoryStore({ maxKeys: 2, clock: new FakeClock() })
    const pair = (first: number, second: number): readonly Limit[] => [
      limitOf(first, { name: 'first' }),
      limitOf(second, { name: 'second' }),
    ]
    // Half of its first limit and almost nothing of its second one; the other client has used a tenth of both.
    store.consume(chargeOf('tight', pair(2, 1000)))
    store.consume(chargeOf('loose', pair(10, 10)))
    store.consume(chargeOf('new client', pair(10, 10)))
    const left = (key: string, limits: readonly Limit[]): unknown =>
      store.peek(chargeOf(key, limits)).limits.map(({ remaining }) => remaining)
    expect(left('tight', pair(2, 1000))).toEqual([1, 999])
    expect(left('loose', pair(10, 10))).toEqual([10, 10])
  })

  it('ranks a token bucket by what it can hold, and not by its limit', () => {
    const store = new MemoryStore({ maxKeys: 2, clock: new FakeClock() })
    const bucket = [limitOf(1, { algorithm: 'token-bucket', burst: 100 })]
    const window = [limitOf(10)]
    store.consume(chargeOf('nine tenths', bucket, 90))
    store.consume(chargeOf('a tenth', window))
    store.consume(chargeOf('new client', window))
    expect(store.peek(chargeOf('nine tenths', bucket)).limits[0]?.remaining).toBe(10)
    expect(store.peek(chargeOf('a tenth', window)).limits[0]?.remaining).toBe(10)
  })

  it('keeps a refused client during a flood of new clients', () => {
    const store = new MemoryStore({ maxKeys: 20, clock: new FakeClock() })
    store.consume(chargeOf('refused', [limitOf(3)], 3))
    for (let turn = 0; turn < 1000; turn++) {
      store.consume(chargeOf(`new client ${turn}`))
      expect(isAllowed(store, 'refused')).toBe(false)
    }
    expect(store.size).toBe(20)
  })

  it('forgets an expired client before any other, whatever it has used', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ maxKeys: 3, clock })
    const limits = [limitOf(3, { windowMs: 86_400_000 })]
    // The expired client is in the first row, which pruning has just passed.
    store.consume(chargeOf('expired', [limitOf(3)], 3))
    for (const key of ['one', 'two']) store.consume(chargeOf(key, limits))
    clock.advance(90_000)
    store.consume(chargeOf('three', limits))
    const remaining = ['one', 'two', 'three'].map(
      (key) => store.peek(chargeOf(key, limits)).limits[0]?.remaining,
    )
    expect(remaining).toEqual([2, 2, 2])
    expect(store.size).toBe(3)
  })
})

describe('a MemoryStore that forgets clients', () => {
  /** Adds new clients, for each of which expired clients are forgotten, and removes them again. */
  function prune(store: MemoryStore): void {
    for (let turn = 0; turn < 4; turn++) store.consume(chargeOf(`new client ${turn}`))
    for (let turn = 0; turn < 4; turn++) store.reset(`new client ${turn}`)
  }

  it('forgets no client before its ttl, and after it two for each new client', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    for (let turn = 0; turn < 100; turn++) store.consume(chargeOf(`old ${turn}`))
    clock.advance(89_999)
    for (let turn = 0; turn < 60; turn++) store.consume(chargeOf(`new ${turn}`))
    expect(store.size).toBe(160)
    clock.advance(1)
    // Two clients are checked for each new client, and none for a known one.
    for (let turn = 0; turn < 200; turn++) store.consume(chargeOf('new 0'))
    expect(store.size).toBe(160)
    for (let turn = 60; turn < 140; turn++) store.consume(chargeOf(`new ${turn}`))
    expect(store.size).toBe(140)
  })

  it('forgets more clients than are added', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    for (let turn = 0; turn < 1000; turn++) store.consume(chargeOf(`old ${turn}`))
    clock.advance(90_000)
    for (let turn = 0; turn < 600; turn++) store.consume(chargeOf(`new ${turn}`))
    expect(store.size).toBe(600)
  })

  it('forgets a token bucket only when it is full', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const bucket = [limitOf(1, { algorithm: 'token-bucket', burst: 10, ttlMs: 600_000 })]
    store.consume(chargeOf('client', bucket, 10))
    for (let minute = 1; minute <= 9; minute++) {
      clock.advance(60_000)
      prune(store)
      expect(store.peek(chargeOf('client', bucket)).limits[0]?.remaining).toBe(minute)
    }
    clock.advance(59_999)
    prune(store)
    expect(store.size).toBe(1)
    clock.advance(1)
    prune(store)
    expect(store.size).toBe(0)
    expect(store.peek(chargeOf('client', bucket)).limits[0]?.remaining).toBe(10)
  })

  it('remembers a client for the longest of its limits', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const limits = [
      limitOf(5, { name: 'short', ttlMs: 70_000 }),
      limitOf(5, { name: 'long', ttlMs: 100_000 }),
      limitOf(5, { name: 'between', ttlMs: 80_000 }),
    ]
    store.consume(chargeOf('client', limits))
    clock.advance(99_999)
    prune(store)
    expect(store.size).toBe(1)
    clock.advance(1)
    prune(store)
    expect(store.size).toBe(0)
  })

  it('counts the time from the latest charge', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    store.consume(chargeOf('client'))
    clock.advance(59_000)
    store.consume(chargeOf('client'))
    clock.advance(89_999)
    prune(store)
    expect(store.size).toBe(1)
    clock.advance(1)
    prune(store)
    expect(store.size).toBe(0)
  })
})

describe('a full MemoryStore', () => {
  const ten = [limitOf(10)]
  const storeOf = (maxKeys: number): MemoryStore => new MemoryStore({ maxKeys, clock: new FakeClock() })

  it('forgets clients that are not refused before one that is refused', () => {
    const store = storeOf(3)
    store.consume(chargeOf('refused', ten, 6))
    expect(store.consume(chargeOf('refused', ten, 5)).allowed).toBe(false)
    for (const key of ['one', 'two']) store.consume(chargeOf(key, ten, 7))
    store.consume(chargeOf('new client', ten))
    expect(store.peek(chargeOf('refused', ten)).limits[0]?.remaining).toBe(4)
  })

  it('ranks a client by what it has used after a refund', () => {
    const store = storeOf(2)
    const { receipt = {} } = store.consume(chargeOf('given back', ten, 10))
    store.consume(chargeOf('other', ten, 3))
    store.settle(receipt, 0)
    store.consume(chargeOf('new client', ten))
    expect(store.peek(chargeOf('other', ten)).limits[0]?.remaining).toBe(7)
  })
})
