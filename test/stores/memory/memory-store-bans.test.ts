import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'

// Timers are faked and never run: these tests do not depend on them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** One unit an hour. */
const ONCE = [limitOf(1, { windowMs: 3_600_000 })]

/** Three refusals in a minute ban for ten minutes. */
const RULE = banRule(3, 60_000, 600_000)

class TestedStore {
  readonly clock = new FakeClock()
  readonly store: MemoryStore

  constructor(maxKeys = 1000) {
    this.store = new MemoryStore({ clock: this.clock, maxKeys })
  }

  consume(key = 'client', ban: BanRule = RULE): Decision {
    return this.store.consume(chargeOf(key, ONCE, 1, ban))
  }

  peek(key = 'client'): Decision {
    return this.store.peek(chargeOf(key, ONCE))
  }

  /** Refuses a client so often that it is banned. */
  ban(key = 'client'): void {
    for (let turn = 0; turn <= 3; turn++) this.consume(key)
    expect(this.peek(key).ban).toBeDefined()
  }

  /** Adds new clients, for each of which expired clients are forgotten, and removes them again. */
  prune(): void {
    for (let turn = 0; turn < 10; turn++) this.store.consume(chargeOf(`new client ${turn}`))
    for (let turn = 0; turn < 10; turn++) this.store.reset(`new client ${turn}`)
  }
}

describe('a client that is refused too often', () => {
  it('is banned by the refusal that reaches the number of the rule', () => {
    const tested = new TestedStore()
    expect(tested.consume()).toMatchObject({ allowed: true })
    for (const atMs of [0, 1000]) {
      tested.clock.advance(1000)
      const refused = tested.consume()
      expect(refused).toMatchObject({ allowed: false, retryAfterMs: 3_599_000 - atMs })
      expect(refused).not.toHaveProperty('ban')
    }
    tested.clock.advance(1000)
    expect(tested.consume()).toEqual({
      allowed: false,
      // Its limit makes it wait longer than the ban.
      retryAfterMs: 3_597_000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 3_597_000 }],
      ban: { endsInMs: 600_000, isNew: true },
    })
  })

  it('is banned by the first refusal where the rule says so', () => {
    const tested = new TestedStore()
    tested.consume('client', banRule(1, 60_000, 5000))
    expect(tested.consume('client', banRule(1, 60_000, 5000))).toMatchObject({
      ban: { endsInMs: 5000, isNew: true },
    })
  })

  it.each(ALGORITHMS)('is banned with any algorithm: %s', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const limits = [limitOf(2, { algorithm })]
    const ask = (): Decision => store.consume(chargeOf('client', limits, 2, RULE))
    const bans = [ask(), ask(), ask(), ask(), ask()].map(({ ban }) => ban?.isNew)
    expect(bans).toEqual([undefined, undefined, undefined, true, false])
  })

  it('is not banned by charges without a ban rule', () => {
    const tested = new TestedStore()
    const ask = (): Decision => tested.store.consume(chargeOf('client', ONCE))
    for (let turn = 0; turn < 20; turn++) expect(ask()).not.toHaveProperty('ban')
    // Their refusals are not counted either.
    expect([tested.consume(), tested.consume()].map(({ ban }) => ban)).toEqual([undefined, undefined])
    expect(tested.consume().ban?.isNew).toBe(true)
  })

  it('is not banned for refusals that are too far apart, or for peeks', () => {
    const tested = new TestedStore()
    tested.consume()
    for (let turn = 0; turn < 50; turn++) {
      tested.clock.advance(30_000)
      expect(tested.consume()).not.toHaveProperty('ban')
      tested.peek()
      tested.peek()
    }
  })

  it('keeps its refusals when it is allowed in between', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const ask = (cost: number): Decision => store.consume(chargeOf('client', [limitOf(10)], cost, RULE))
    ask(5)
    ask(6)
    ask(6)
    expect(ask(1)).toMatchObject({ allowed: true })
    expect(ask(6)).toMatchObject({ ban: { isNew: true } })
  })

  it('does not get another client banned', () => {
    const tested = new TestedStore()
    tested.ban('one')
    expect(tested.consume('two')).toMatchObject({ allowed: true })
  })

  it('is always banned for refusals within the window, and never for refusals over an eighth more than it', () => {
    const windowMs = 8000
    const after = fc.integer({ min: 1, max: 6 })
    const gaps = fc.array(fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 5000 })), { maxLength: 60 })
    fc.assert(
      fc.property(after, gaps, (most, pauses) => {
        const tested = new TestedStore()
        const rule = banRule(most, windowMs, 20_000)
        tested.store.consume(chargeOf('client', [limitOf(1, { windowMs: 1e9, ttlMs: 1e9 })], 1, rule))
        let refusals: number[] = []
        let bannedUntilMs = 0
        for (const pauseMs of pauses) {
          tested.clock.advance(pauseMs)
          const nowMs = tested.clock.now()
          const { ban, allowed } = tested.store.consume(
            chargeOf('client', [limitOf(1, { windowMs: 1e9, ttlMs: 1e9 })], 1, rule),
          )
          expect(allowed).toBe(false)
          if (nowMs < bannedUntilMs) {
            expect(ban).toEqual({ endsInMs: bannedUntilMs - nowMs, isNew: false })
            continue
          }
          refusals = [...refusals, nowMs]
          const oldest = refusals.at(-most)
          const spanMs = oldest === undefined ? Number.POSITIVE_INFINITY : nowMs - oldest
          if (spanMs < windowMs) expect(ban).toEqual({ endsInMs: 20_000, isNew: true })
          if (spanMs >= windowMs + windowMs / 8) expect(ban).toBeUndefined()
          if (ban === undefined) continue
          refusals = []
          bannedUntilMs = nowMs + 20_000
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('a banned client', () => {
  it('is refused until the last millisecond, with any limits and any rule', () => {
    const tested = new TestedStore()
    const roomy = [limitOf(100), limitOf(50, { name: 'second', algorithm: 'token-bucket' })]
    tested.ban()
    tested.clock.advance(599_999)
    const refused = {
      allowed: false,
      retryAfterMs: 1,
      limits: [
        { name: 'test', limit: 100, remaining: 0, resetMs: 1 },
        { name: 'second', limit: 50, remaining: 0, resetMs: 1 },
      ],
      ban: { endsInMs: 1, isNew: false },
    }
    for (const rule of [RULE, undefined]) {
      expect(tested.store.consume(chargeOf('client', roomy, 1, rule))).toEqual(refused)
      expect(tested.store.peek(chargeOf('client', roomy, 1, rule))).toEqual(refused)
    }
    tested.clock.advance(1)
    expect(tested.store.peek(chargeOf('client', roomy))).toMatchObject({ allowed: true })
    expect(tested.store.consume(chargeOf('client', roomy))).toMatchObject({ allowed: true })
  })

  it('does not prolong its ban by further requests, and is charged nothing for them', () => {
    const tested = new TestedStore()
    tested.ban()
    for (let second = 1; second < 600; second++) {
      tested.clock.advance(1000)
      expect(tested.consume().ban).toEqual({ endsInMs: 600_000 - second * 1000, isNew: false })
    }
    tested.clock.advance(1000)
    expect(tested.peek()).toEqual({
      allowed: false,
      retryAfterMs: 3_000_000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 3_000_000 }],
    })
  })

  it('has no refusals when its ban is over', () => {
    const tested = new TestedStore()
    tested.ban()
    tested.clock.advance(600_000)
    expect([1, 2, 3].map(() => tested.consume().ban)).toEqual([
      undefined,
      undefined,
      { endsInMs: 600_000, isNew: true },
    ])
  })

  it('gets refunds during the ban', () => {
    const tested = new TestedStore()
    const { receipt = {} } = tested.consume()
    tested.store.block('client', 5000)
    tested.store.settle(receipt, 0)
    tested.clock.advance(5000)
    expect(tested.peek()).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
  })
})

describe('block', () => {
  it('bans a client that is not known', () => {
    const tested = new TestedStore()
    tested.store.block('client', 5000)
    expect(tested.peek()).toEqual({
      allowed: false,
      retryAfterMs: 5000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 5000 }],
      ban: { endsInMs: 5000, isNew: false },
    })
    tested.clock.advance(5000)
    expect(tested.consume()).toMatchObject({ allowed: true })
  })

  it.each([
    ['longer', 900_000],
    ['shorter', 1000],
  ])('replaces a ban by a %s one', (_which, forMs) => {
    const tested = new TestedStore()
    tested.ban()
    tested.store.block('client', forMs)
    expect(tested.peek().ban).toEqual({ endsInMs: forMs, isNew: false })
  })

  it('forgets the refusals of the client', () => {
    const tested = new TestedStore()
    tested.consume()
    tested.consume()
    tested.consume()
    tested.store.block('client', 1)
    tested.clock.advance(1)
    expect(tested.consume()).not.toHaveProperty('ban')
  })
})

describe('unblock', () => {
  it('ends any ban and forgets the refusals; what is used stays used', () => {
    for (const ban of [
      (tested: TestedStore) => tested.ban(),
      (tested: TestedStore) => [tested.consume(), tested.store.block('client', 5000)],
    ]) {
      const tested = new TestedStore()
      ban(tested)
      tested.store.unblock('client')
      expect(tested.peek()).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 })
      expect([1, 2].map(() => tested.consume().ban)).toEqual([undefined, undefined])
      expect(tested.consume().ban?.isNew).toBe(true)
    }
  })

  it('forgets the refusals of a client that is not banned yet', () => {
    const tested = new TestedStore()
    for (const _ of [1, 2, 3]) tested.consume()
    tested.store.unblock('client')
    expect(tested.consume()).not.toHaveProperty('ban')
  })

  it('forgets a client that has used nothing', () => {
    const tested = new TestedStore()
    tested.store.block('client', 86_400_000)
    tested.store.unblock('client')
    expect(tested.store.size).toBe(0)
  })

  it.each([
    ['it was unblocked', (store: MemoryStore) => store.unblock('client')],
    ['a shorter ban replaced a long one', (store: MemoryStore) => store.block('client', 1000)],
  ])('remembers a client no longer than its limits need after %s', (_when, shorten) => {
    const tested = new TestedStore()
    tested.consume()
    tested.store.block('client', 30 * 86_400_000)
    shorten(tested.store)
    tested.clock.advance(3_629_999)
    tested.prune()
    expect(tested.store.size).toBe(1)
    tested.clock.advance(1)
    tested.prune()
    expect(tested.store.size).toBe(0)
  })

  it('does nothing to a client that is not known', () => {
    const tested = new TestedStore()
    tested.store.unblock('client')
    expect(tested.store.size).toBe(0)
    expect(tested.consume()).toMatchObject({ allowed: true })
  })
})

describe('reset and resetAll', () => {
  it('forget bans and refusals too', () => {
    for (const forget of [
      (store: MemoryStore) => store.reset('client'),
      (store: MemoryStore) => store.resetAll(),
    ]) {
      const tested = new TestedStore()
      tested.ban()
      forget(tested.store)
      expect(tested.store.size).toBe(0)
      expect(tested.consume()).toMatchObject({ allowed: true })
      expect([1, 2].map(() => tested.consume().ban)).toEqual([undefined, undefined])
    }
  })
})

describe('a ban on a clock that is set back', () => {
  it('starts again, and lasts no longer than before', () => {
    const tested = new TestedStore()
    tested.store.block('client', 5000)
    tested.clock.set(tested.clock.now() - 1_000_000)
    expect(tested.peek().ban).toEqual({ endsInMs: 5000, isNew: false })
    tested.clock.advance(4999)
    expect(tested.peek().ban).toEqual({ endsInMs: 1, isNew: false })
    tested.clock.advance(1)
    expect(tested.consume()).toMatchObject({ allowed: true })
  })

  it('does not come back after the client was allowed', () => {
    const tested = new TestedStore()
    tested.store.consume(chargeOf('client'))
    tested.store.block('client', 5000)
    tested.clock.advance(5000)
    expect(tested.store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    tested.clock.set(tested.clock.now() - 3000)
    expect(tested.store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })

  it('lasts until its end on the clock, where the clock was set back during the ban', () => {
    const tested = new TestedStore()
    tested.store.block('client', 5000)
    tested.clock.advance(3000)
    tested.clock.set(tested.clock.now() - 1000)
    expect(tested.peek().ban).toEqual({ endsInMs: 3000, isNew: false })
  })

  it('counts the refusals before and after', () => {
    const tested = new TestedStore()
    tested.consume()
    tested.consume()
    tested.clock.set(tested.clock.now() - 1_000_000)
    expect([tested.consume(), tested.consume()].map(({ ban }) => ban?.isNew)).toEqual([undefined, true])
  })
})

describe('what is remembered of bans', () => {
  it('is kept until the ban ends, longer than the rest of the client', () => {
    const tested = new TestedStore()
    tested.store.block('client', 86_400_000)
    tested.consume('other')
    tested.clock.advance(86_399_999)
    tested.prune()
    expect(tested.store.size).toBe(1)
    expect(tested.peek().ban).toBeDefined()
    tested.clock.advance(1)
    tested.prune()
    expect(tested.store.size).toBe(0)
  })

  it('is kept for refusals while they count', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const rule = banRule(3, 300_000, 600_000)
    const ask = (): Decision => store.consume(chargeOf('client', [limitOf(1)], 1, rule))
    for (const _ of [1, 2, 3]) ask()
    clock.advance(299_999)
    for (let turn = 0; turn < 10; turn++) store.consume(chargeOf(`new client ${turn}`))
    // Its window is over, but its two refusals still count.
    expect(ask()).toMatchObject({ allowed: true })
    expect(ask()).toMatchObject({ ban: { isNew: true } })
  })

  it('is kept after the ban only as long as a later charge needs', () => {
    const tested = new TestedStore()
    tested.store.block('client', 1000)
    tested.clock.advance(1000)
    tested.store.consume(chargeOf('client', [limitOf(3)]))
    tested.clock.advance(89_999)
    tested.prune()
    expect(tested.store.size).toBe(1)
    tested.clock.advance(1)
    tested.prune()
    expect(tested.store.size).toBe(0)
  })

  it.each([
    ['a ban', (store: MemoryStore) => store.block('login', 1000)],
    ['the end of a ban', (store: MemoryStore) => store.unblock('login')],
  ])('is not shortened by %s where another limiter has a shorter limit of the same name', (_what, act) => {
    const tested = new TestedStore()
    const daily = [limitOf(5, { windowMs: 86_400_000 })]
    tested.store.consume(chargeOf('login', daily, 5))
    tested.store.consume(chargeOf('other', [limitOf(100, { windowMs: 1000, ttlMs: 1000 })]))
    act(tested.store)
    tested.clock.advance(3_600_000)
    tested.prune()
    expect(tested.store.peek(chargeOf('login', daily)).allowed).toBe(false)
  })

  it('is written for the refusals of new clients only where they count towards a ban', () => {
    const { store } = new TestedStore()
    store.consume(chargeOf('client', [limitOf(1)], 2))
    expect(store.size).toBe(0)
    store.consume(chargeOf('client', [limitOf(1)], 2, RULE))
    expect(store.size).toBe(1)
    store.peek(chargeOf('other', [limitOf(1)], 2, RULE))
    expect(store.size).toBe(1)
  })

  it('is kept longer than what is known of clients at their limits', () => {
    const tested = new TestedStore(300)
    tested.store.block('blocked', 86_400_000)
    for (let turn = 0; turn < 1000; turn++) tested.consume(`at its limit ${turn}`)
    expect(tested.store.size).toBe(300)
    expect(tested.peek('blocked').ban).toBeDefined()
  })

  it('makes room before other bans after it was ended', () => {
    const tested = new TestedStore(2)
    tested.store.block('blocked', 86_400_000)
    tested.store.block('unblocked', 86_400_000)
    tested.store.unblock('unblocked')
    tested.consume('new client')
    expect(tested.store.size).toBe(2)
    expect(tested.peek('blocked').ban).toBeDefined()
  })

  it('replaces other clients at maxKeys, and stays while others can be forgotten', () => {
    const tested = new TestedStore(20)
    tested.store.block('blocked', 86_400_000)
    tested.ban('refused')
    for (let turn = 0; turn < 1000; turn++) {
      tested.store.consume(chargeOf(`new client ${turn}`))
      expect([tested.peek('blocked').ban?.isNew, tested.peek('refused').ban?.isNew]).toEqual([false, false])
    }
    expect(tested.store.size).toBe(20)
    for (let turn = 0; turn < 50; turn++) {
      tested.store.block(`blocked ${turn}`, 5000)
      expect(tested.store.size).toBe(20)
    }
    expect(tested.peek('blocked 49').ban).toEqual({ endsInMs: 5000, isNew: false })
  })

  it('makes room when the ban is over', () => {
    const tested = new TestedStore(2)
    const half = [limitOf(2, { windowMs: 3_600_000 })]
    tested.store.block('blocked', 5000)
    tested.store.consume(chargeOf('half', half))
    tested.clock.advance(5000)
    tested.store.consume(chargeOf('new client', half))
    expect(tested.store.peek(chargeOf('half', half)).limits[0]?.remaining).toBe(1)
  })
})
