import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BanRule } from '../../../src/limits/ban.ts'
import type { Decision } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { ALGORITHMS, banRule, chargeOf, limitOf } from '../../support/charges.ts'

// Its timers stand still: what is tested here, no timer decides.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** One unit in an hour: whoever has taken it is refused. */
const ONCE = [limitOf(1, { windowMs: 3_600_000 })]

/** Three refusals in a minute ban for ten minutes. */
const RULE = banRule(3, 60_000, 600_000)

class Banned {
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

  /** Has a client refused so often that it is banned. */
  ban(key = 'client'): void {
    for (let turn = 0; turn <= 3; turn++) this.consume(key)
    expect(this.peek(key).ban).toBeDefined()
  }

  /** Has newcomers come, so that what has expired is forgotten on their way, and takes them away again. */
  prune(): void {
    for (let turn = 0; turn < 10; turn++) this.store.consume(chargeOf(`newcomer ${turn}`))
    for (let turn = 0; turn < 10; turn++) this.store.reset(`newcomer ${turn}`)
  }
}

describe('a client that is refused too often', () => {
  it('is banned by the very refusal that is too many', () => {
    const client = new Banned()
    expect(client.consume()).toMatchObject({ allowed: true })
    for (const atMs of [0, 1000]) {
      client.clock.advance(1000)
      const refused = client.consume()
      expect(refused).toMatchObject({ allowed: false, retryAfterMs: 3_599_000 - atMs })
      expect(refused).not.toHaveProperty('ban')
    }
    client.clock.advance(1000)
    expect(client.consume()).toEqual({
      allowed: false,
      // The hour of its limit lasts longer than the ban.
      retryAfterMs: 3_597_000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 3_597_000 }],
      ban: { endsInMs: 600_000, isNew: true },
    })
  })

  it('is banned by the first one where one is too many', () => {
    const client = new Banned()
    client.consume('client', banRule(1, 60_000, 5000))
    expect(client.consume('client', banRule(1, 60_000, 5000))).toMatchObject({
      ban: { endsInMs: 5000, isNew: true },
    })
  })

  it.each(ALGORITHMS)('is banned whatever counts its charges: %s', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const limits = [limitOf(2, { algorithm })]
    const ask = (): Decision => store.consume(chargeOf('client', limits, 2, RULE))
    const bans = [ask(), ask(), ask(), ask(), ask()].map(({ ban }) => ban?.isNew)
    expect(bans).toEqual([undefined, undefined, undefined, true, false])
  })

  it('is not banned where nobody asks for it', () => {
    const client = new Banned()
    const ask = (): Decision => client.store.consume(chargeOf('client', ONCE))
    for (let turn = 0; turn < 20; turn++) expect(ask()).not.toHaveProperty('ban')
    // Those refusals were not counted either.
    expect([client.consume(), client.consume()].map(({ ban }) => ban)).toEqual([undefined, undefined])
    expect(client.consume().ban?.isNew).toBe(true)
  })

  it('is not banned for refusals that are a window apart, or for being asked about', () => {
    const client = new Banned()
    client.consume()
    for (let turn = 0; turn < 50; turn++) {
      client.clock.advance(30_000)
      expect(client.consume()).not.toHaveProperty('ban')
      client.peek()
      client.peek()
    }
  })

  it('keeps its refusals while it is admitted in between', () => {
    const store = new MemoryStore({ clock: new FakeClock() })
    const ask = (cost: number): Decision => store.consume(chargeOf('client', [limitOf(10)], cost, RULE))
    ask(5)
    ask(6)
    ask(6)
    expect(ask(1)).toMatchObject({ allowed: true })
    expect(ask(6)).toMatchObject({ ban: { isNew: true } })
  })

  it('is no other client', () => {
    const client = new Banned()
    client.ban('one')
    expect(client.consume('two')).toMatchObject({ allowed: true })
  })

  it('is caught if it is refused so often within the window, and never if in an eighth more', () => {
    const windowMs = 8000
    const after = fc.integer({ min: 1, max: 6 })
    const gaps = fc.array(fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 5000 })), { maxLength: 60 })
    fc.assert(
      fc.property(after, gaps, (most, pauses) => {
        const client = new Banned()
        const rule = banRule(most, windowMs, 20_000)
        client.store.consume(chargeOf('client', [limitOf(1, { windowMs: 1e9, ttlMs: 1e9 })], 1, rule))
        let refusals: number[] = []
        let bannedUntilMs = 0
        for (const pauseMs of pauses) {
          client.clock.advance(pauseMs)
          const nowMs = client.clock.now()
          const { ban, allowed } = client.store.consume(
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
  it('is refused to the last millisecond, in whatever words it is asked', () => {
    const client = new Banned()
    const roomy = [limitOf(100), limitOf(50, { name: 'second', algorithm: 'token-bucket' })]
    client.ban()
    client.clock.advance(599_999)
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
      expect(client.store.consume(chargeOf('client', roomy, 1, rule))).toEqual(refused)
      expect(client.store.peek(chargeOf('client', roomy, 1, rule))).toEqual(refused)
    }
    client.clock.advance(1)
    expect(client.store.peek(chargeOf('client', roomy))).toMatchObject({ allowed: true })
    expect(client.store.consume(chargeOf('client', roomy))).toMatchObject({ allowed: true })
  })

  it('does not prolong its ban by knocking, and loses nothing by it', () => {
    const client = new Banned()
    client.ban()
    for (let second = 1; second < 600; second++) {
      client.clock.advance(1000)
      expect(client.consume().ban).toEqual({ endsInMs: 600_000 - second * 1000, isNew: false })
    }
    client.clock.advance(1000)
    expect(client.peek()).toEqual({
      allowed: false,
      retryAfterMs: 3_000_000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 3_000_000 }],
    })
  })

  it('begins with nothing when its ban is over', () => {
    const client = new Banned()
    client.ban()
    client.clock.advance(600_000)
    expect([1, 2, 3].map(() => client.consume().ban)).toEqual([
      undefined,
      undefined,
      { endsInMs: 600_000, isNew: true },
    ])
  })

  it('gets back what it is owed meanwhile', () => {
    const client = new Banned()
    const { receipt = {} } = client.consume()
    client.store.block('client', 5000)
    client.store.refund(receipt)
    client.clock.advance(5000)
    expect(client.peek()).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
  })
})

describe('block', () => {
  it('bans clients that nobody knows, from now on', () => {
    const client = new Banned()
    client.store.block('client', 5000)
    expect(client.peek()).toEqual({
      allowed: false,
      retryAfterMs: 5000,
      limits: [{ name: 'test', limit: 1, remaining: 0, resetMs: 5000 }],
      ban: { endsInMs: 5000, isNew: false },
    })
    client.clock.advance(5000)
    expect(client.consume()).toMatchObject({ allowed: true })
  })

  it.each([
    ['longer', 900_000],
    ['shorter', 1000],
  ])('replaces a ban by a %s one', (_which, forMs) => {
    const client = new Banned()
    client.ban()
    client.store.block('client', forMs)
    expect(client.peek().ban).toEqual({ endsInMs: forMs, isNew: false })
  })

  it('forgets the refusals so far', () => {
    const client = new Banned()
    client.consume()
    client.consume()
    client.consume()
    client.store.block('client', 1)
    client.clock.advance(1)
    expect(client.consume()).not.toHaveProperty('ban')
  })
})

describe('unblock', () => {
  it('ends any ban and forgets the refusals; what was used stays used', () => {
    for (const ban of [
      (client: Banned) => client.ban(),
      (client: Banned) => [client.consume(), client.store.block('client', 5000)],
    ]) {
      const client = new Banned()
      ban(client)
      client.store.unblock('client')
      expect(client.peek()).toMatchObject({ allowed: false, retryAfterMs: 3_600_000 })
      expect([1, 2].map(() => client.consume().ban)).toEqual([undefined, undefined])
      expect(client.consume().ban?.isNew).toBe(true)
    }
  })

  it('forgets refusals of a client that is not banned yet', () => {
    const client = new Banned()
    for (const _ of [1, 2, 3]) client.consume()
    client.store.unblock('client')
    expect(client.consume()).not.toHaveProperty('ban')
  })

  it('keeps nothing of a client that has used nothing', () => {
    const client = new Banned()
    client.store.block('client', 86_400_000)
    client.store.unblock('client')
    expect(client.store.size).toBe(0)
  })

  it.each([
    ['it is unblocked', (store: MemoryStore) => store.unblock('client')],
    ['a shorter ban replaces a long one', (store: MemoryStore) => store.block('client', 1000)],
  ])('remembers a client no longer than its limits ask for once %s', (_when, shorten) => {
    const client = new Banned()
    client.consume()
    client.store.block('client', 30 * 86_400_000)
    shorten(client.store)
    client.clock.advance(3_629_999)
    client.prune()
    expect(client.store.size).toBe(1)
    client.clock.advance(1)
    client.prune()
    expect(client.store.size).toBe(0)
  })

  it('is nothing to a client that nobody knows', () => {
    const client = new Banned()
    client.store.unblock('client')
    expect(client.store.size).toBe(0)
    expect(client.consume()).toMatchObject({ allowed: true })
  })
})

describe('reset and resetAll', () => {
  it('end bans and forget refusals as they forget everything', () => {
    for (const forget of [
      (store: MemoryStore) => store.reset('client'),
      (store: MemoryStore) => store.resetAll(),
    ]) {
      const client = new Banned()
      client.ban()
      forget(client.store)
      expect(client.store.size).toBe(0)
      expect(client.consume()).toMatchObject({ allowed: true })
      expect([1, 2].map(() => client.consume().ban)).toEqual([undefined, undefined])
    }
  })
})

describe('a ban on a clock that is set back', () => {
  it('begins anew, and lasts no longer than ever', () => {
    const client = new Banned()
    client.store.block('client', 5000)
    client.clock.advance(-1_000_000)
    expect(client.peek().ban).toEqual({ endsInMs: 5000, isNew: false })
    client.clock.advance(4999)
    expect(client.peek().ban).toEqual({ endsInMs: 1, isNew: false })
    client.clock.advance(1)
    expect(client.consume()).toMatchObject({ allowed: true })
  })

  it('does not come back once the client was admitted after it', () => {
    const client = new Banned()
    client.store.consume(chargeOf('client'))
    client.store.block('client', 5000)
    client.clock.advance(5000)
    expect(client.store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    client.clock.advance(-3000)
    expect(client.store.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })

  it('lasts as long as the clock has still to go, where it was set back within the ban', () => {
    const client = new Banned()
    client.store.block('client', 5000)
    client.clock.advance(3000)
    client.clock.advance(-1000)
    expect(client.peek().ban).toEqual({ endsInMs: 3000, isNew: false })
  })

  it('comes of refusals before and after', () => {
    const client = new Banned()
    client.consume()
    client.consume()
    client.clock.advance(-1_000_000)
    expect([client.consume(), client.consume()].map(({ ban }) => ban?.isNew)).toEqual([undefined, true])
  })
})

describe('what is remembered of bans', () => {
  it('is kept to the end of the ban, longer than anything else of the client', () => {
    const client = new Banned()
    client.store.block('client', 86_400_000)
    client.consume('passer-by')
    client.clock.advance(86_399_999)
    client.prune()
    expect(client.store.size).toBe(1)
    expect(client.peek().ban).toBeDefined()
    client.clock.advance(1)
    client.prune()
    expect(client.store.size).toBe(0)
  })

  it('is kept for refusals as long as they count', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    const rule = banRule(3, 300_000, 600_000)
    const ask = (): Decision => store.consume(chargeOf('client', [limitOf(1)], 1, rule))
    for (const _ of [1, 2, 3]) ask()
    clock.advance(299_999)
    for (let turn = 0; turn < 10; turn++) store.consume(chargeOf(`newcomer ${turn}`))
    // Its own window is over, and its two refusals are not.
    expect(ask()).toMatchObject({ allowed: true })
    expect(ask()).toMatchObject({ ban: { isNew: true } })
  })

  it('is kept with a charge that comes after the ban', () => {
    const client = new Banned()
    client.store.block('client', 1000)
    client.clock.advance(1000)
    client.store.consume(chargeOf('client', [limitOf(3)]))
    client.clock.advance(89_999)
    client.prune()
    expect(client.store.size).toBe(1)
    client.clock.advance(1)
    client.prune()
    expect(client.store.size).toBe(0)
  })

  it.each([
    ['a ban', (store: MemoryStore) => store.block('login', 1000)],
    ['the end of a ban', (store: MemoryStore) => store.unblock('login')],
  ])('is not cut short by %s where a limit of the same name is shorter elsewhere', (_what, act) => {
    const client = new Banned()
    const daily = [limitOf(5, { windowMs: 86_400_000 })]
    client.store.consume(chargeOf('login', daily, 5))
    client.store.consume(chargeOf('other', [limitOf(100, { windowMs: 1000, ttlMs: 1000 })]))
    act(client.store)
    client.clock.advance(3_600_000)
    client.prune()
    expect(client.store.peek(chargeOf('login', daily)).allowed).toBe(false)
  })

  it('is written for refusals of clients without an entry only where they count', () => {
    const { store } = new Banned()
    store.consume(chargeOf('client', [limitOf(1)], 2))
    expect(store.size).toBe(0)
    store.consume(chargeOf('client', [limitOf(1)], 2, RULE))
    expect(store.size).toBe(1)
    store.peek(chargeOf('other', [limitOf(1)], 2, RULE))
    expect(store.size).toBe(1)
  })

  it('outlasts that of clients who are merely at their limits', () => {
    const client = new Banned(300)
    client.store.block('blocked', 86_400_000)
    for (let turn = 0; turn < 1000; turn++) client.consume(`at its limit ${turn}`)
    expect(client.store.size).toBe(300)
    expect(client.peek('blocked').ban).toBeDefined()
  })

  it('makes room before other bans once it was ended', () => {
    const client = new Banned(2)
    client.store.block('blocked', 86_400_000)
    client.store.block('pardoned', 86_400_000)
    client.store.unblock('pardoned')
    client.consume('newcomer')
    expect(client.store.size).toBe(2)
    expect(client.peek('blocked').ban).toBeDefined()
  })

  it('takes the place of others at maxKeys, and stays while there is anybody else', () => {
    const client = new Banned(20)
    client.store.block('blocked', 86_400_000)
    client.ban('refused')
    for (let turn = 0; turn < 1000; turn++) {
      client.store.consume(chargeOf(`newcomer ${turn}`))
      expect([client.peek('blocked').ban?.isNew, client.peek('refused').ban?.isNew]).toEqual([false, false])
    }
    expect(client.store.size).toBe(20)
    for (let turn = 0; turn < 50; turn++) {
      client.store.block(`blocked ${turn}`, 5000)
      expect(client.store.size).toBe(20)
    }
    expect(client.peek('blocked 49').ban).toEqual({ endsInMs: 5000, isNew: false })
  })

  it('makes room once the ban is over', () => {
    const client = new Banned(2)
    const half = [limitOf(2, { windowMs: 3_600_000 })]
    client.store.block('blocked', 5000)
    client.store.consume(chargeOf('half', half))
    client.clock.advance(5000)
    client.store.consume(chargeOf('newcomer', half))
    expect(client.store.peek(chargeOf('half', half)).limits[0]?.remaining).toBe(1)
  })
})
