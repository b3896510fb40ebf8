import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import {
  banChannel,
  circuitChannel,
  decisionChannel,
  type EventChannel,
  evictionChannel,
  storeCallChannel,
  storeFailureChannel,
} from '../../src/events/channels.ts'
import { LIMITER_DESCRIPTION } from '../../src/limits/limiter-description.ts'
import { REQUEST_CLASSES } from '../../src/limits/request-class.ts'
import type { RateLimiterOptions } from '../../src/options/rate-limiter-options.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { type Fault, FaultyStore } from '../../src/tools/testing/faulty-store.ts'
import { recorded } from '../support/recorded-events.ts'

const silent = { info: (): void => undefined, warn: (): void => undefined }
const CLIENT = '192.0.2.7'

const createdLimiter = (options: RateLimiterOptions = {}): ReturnType<typeof createRateLimiter> =>
  createRateLimiter({ read: 10, logger: silent, ...options })

const failingStore = (fault: Fault): FaultyStore => {
  const store = new FaultyStore(new MemoryStore())
  store.fail(fault)
  return store
}

describe('a charge without a request', () => {
  it('is published by consume, and not by peek', async () => {
    const limiter = createdLimiter()
    const events = recorded('decision')
    await limiter.peek(CLIENT, { class: 'read' })
    expect(events).toEqual([])
    const decision = await limiter.consume(CLIENT, { class: 'write', cost: 3 })
    expect(events).toEqual([
      {
        limiter: limiter[LIMITER_DESCRIPTION],
        outcome: 'allowed',
        key: CLIENT,
        class: 'write',
        cost: 3,
        decision,
      },
    ])
    expect(events[0]?.limiter).toBe(limiter[LIMITER_DESCRIPTION])
  })

  it('is published as skipped by consume of a class without a limit', async () => {
    const limiter = createdLimiter({ write: false })
    const events = recorded('decision')
    await limiter.consume(CLIENT, { class: 'write' })
    await limiter.peek(CLIENT, { class: 'write' })
    const skipped = { outcome: 'skipped', key: CLIENT, class: undefined, cost: 0, decision: undefined }
    expect(events).toEqual([{ limiter: limiter[LIMITER_DESCRIPTION], ...skipped }])
  })

  it('is published before the error of a failed store is thrown', async () => {
    const limiter = createdLimiter({ store: failingStore({ kind: 'throw' }), onStoreError: 'deny' })
    const events = recorded('decision')
    await expect(limiter.consume(CLIENT, { class: 'read' })).rejects.toThrow('The store is down')
    expect(events).toMatchObject([{ outcome: 'unavailable', decision: undefined }])
  })
})

describe('a ban', () => {
  it('is published with its cause, once for a client with two classes', async () => {
    const limiter = createdLimiter({ read: 1, write: 1, ban: { after: 2, withinSec: 60, forSec: 600 } })
    const events = recorded('ban')
    await limiter.consume(CLIENT, { class: 'read' })
    await limiter.consume(CLIENT, { class: 'read' })
    expect(events).toEqual([])
    await limiter.consume(CLIENT, { class: 'read' })
    await limiter.consume(CLIENT, { class: 'read' })
    await limiter.consume(CLIENT, { class: 'write' })
    expect(events).toMatchObject([{ cause: 'refusals', key: CLIENT, endsInMs: 600_000 }])
    await limiter.unblock(CLIENT)
    await limiter.block(CLIENT, 30)
    await limiter.reset(CLIENT)
    expect(events.slice(1)).toEqual(
      [
        { cause: 'unblock', endsInMs: 0 },
        { cause: 'block', endsInMs: 30_000 },
        { cause: 'reset', endsInMs: 0 },
      ].map((event) => ({ limiter: limiter[LIMITER_DESCRIPTION], key: CLIENT, ...event })),
    )
  })

  it('is not published if the store rejects it', async () => {
    const limiter = createdLimiter({ store: failingStore({ kind: 'reject' }) })
    const events = recorded('ban')
    for (const call of [
      () => limiter.block(CLIENT, 30),
      () => limiter.unblock(CLIENT),
      () => limiter.reset(CLIENT),
    ]) {
      await expect(call()).rejects.toThrow('The store is down')
    }
    expect(events).toEqual([])
  })
})

describe('a call of the store', () => {
  it('is published with its duration', async () => {
    const times = [100, 107.5, 200, 201]
    // The store has a clock of its own, so that only the limiter reads the clock of the test.
    const limiter = createdLimiter({ clock: new FakeClock() })
    const events = recorded('store-call')
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => times.shift() ?? Number.NaN)
    try {
      await limiter.consume(CLIENT, { class: 'read' })
      await limiter.peek(CLIENT, { class: 'read' })
    } finally {
      clock.mockRestore()
    }
    const shared = { limiter: limiter[LIMITER_DESCRIPTION], failure: undefined }
    expect(events).toEqual([
      { ...shared, verb: 'consume', durationMs: 7.5 },
      { ...shared, verb: 'peek', durationMs: 1 },
    ])
  })

  it.each([
    [{ kind: 'throw' }, 'error'],
    [{ kind: 'reject' }, 'error'],
    [{ kind: 'nonsense', answer: 'yes' }, 'invalid_decision'],
    [{ kind: 'nonsense', answer: Promise.resolve({}) }, 'invalid_decision'],
    [{ kind: 'hang' }, 'timeout'],
  ] as const)(
    'that fails as %o is published as %s, once as a call and once as a failure',
    async (fault, kind) => {
      const limiter = createdLimiter({ store: failingStore(fault), storeDeadlineMs: 1 })
      const calls = recorded('store-call')
      const failures = recorded('store-failure')
      const outcomes = recorded('decision')
      await limiter.consume(CLIENT, { class: 'read' })
      expect(calls).toMatchObject([{ verb: 'consume', failure: kind, durationMs: expect.any(Number) }])
      expect(failures).toEqual([
        { limiter: limiter[LIMITER_DESCRIPTION], kind, error: limiter.health().lastError },
      ])
      // The limiter then counts in its fallback, whose decisions are published like any other.
      expect(outcomes).toMatchObject([{ outcome: 'allowed', decision: { allowed: true } }])
    },
  )

  it('that is a write is published as a failure if it fails, and never as a call', async () => {
    const limiter = createdLimiter({ store: failingStore({ kind: 'reject' }) })
    const calls = recorded('store-call')
    const failures = recorded('store-failure')
    await expect(limiter.reset(CLIENT)).rejects.toThrow('The store is down')
    // One for each class.
    expect(failures.map(({ kind }) => kind)).toEqual(REQUEST_CLASSES.map(() => 'error'))
    expect(calls).toEqual([])
  })
})

describe('the circuit breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('publishes when it opens, is half-open, opens again and closes', async () => {
    const store = failingStore({ kind: 'throw' })
    const limiter = createdLimiter({ store })
    const events = recorded('circuit')
    const calls = recorded('store-call')
    for (let count = 0; count < 4; count++) await limiter.consume(CLIENT, { class: 'read' })
    expect(events).toEqual([])
    await limiter.consume(CLIENT, { class: 'read' })
    // The store is not called now, so nothing fails.
    await limiter.consume(CLIENT, { class: 'read' })
    expect(calls).toHaveLength(5)
    expect(events.map(({ state }) => state)).toEqual(['open'])
    vi.advanceTimersByTime(1000)
    await limiter.consume(CLIENT, { class: 'read' })
    expect(events.map(({ state }) => state)).toEqual(['open', 'half-open', 'open'])
    store.heal()
    vi.advanceTimersByTime(1000)
    await limiter.consume(CLIENT, { class: 'read' })
    expect(events.map(({ state }) => state)).toEqual(['open', 'half-open', 'open', 'half-open', 'closed'])
    expect(events.every((event) => event.limiter === limiter[LIMITER_DESCRIPTION])).toBe(true)
    const errors = events.map(({ error }) => error?.code)
    expect(errors).toEqual(['store_failed', undefined, 'store_failed', undefined, undefined])
  })
})

describe('an eviction', () => {
  it('is published with the store, once for each client that is forgotten early', async () => {
    const store = new MemoryStore({ maxKeys: 64 })
    const limiter = createdLimiter({ store })
    const events = recorded('eviction')
    for (let host = 0; host < 64; host++) await limiter.consume(`192.0.2.${host}`, { class: 'read' })
    expect(events).toEqual([])
    for (let host = 0; host < 10; host++) await limiter.consume(`198.51.100.${host}`, { class: 'read' })
    expect(events).toHaveLength(10)
    expect(store.stats().unexpiredEvictions).toBe(10)
    expect(events.every((event) => event.store === store)).toBe(true)
  })
})

describe('without subscribers', () => {
  it('nothing is published, and no clock is read', async () => {
    const channels: EventChannel<never>[] = [
      banChannel,
      circuitChannel,
      decisionChannel,
      evictionChannel,
      storeCallChannel,
      storeFailureChannel,
    ]
    const spies = channels.map((channel) => vi.spyOn(channel, 'publish'))
    const store = new FaultyStore(new MemoryStore({ maxKeys: 2, clock: new FakeClock() }))
    const limiter = createdLimiter({ store, read: 1, ban: { after: 1, withinSec: 60, forSec: 60 } })
    const clock = vi.spyOn(performance, 'now')
    for (const host of [1, 1, 2, 3, 4]) await limiter.consume(`192.0.2.${host}`, { class: 'read' })
    expect(clock).not.toHaveBeenCalled()
    await limiter.block(CLIENT, 1)
    await limiter.reset(CLIENT)
    store.fail({ kind: 'throw' })
    for (let count = 0; count < 6; count++) await limiter.consume(CLIENT, { class: 'read' })
    expect(limiter.health().state).toBe('open')
    expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual(Array(6).fill(false))
    clock.mockRestore()
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
  })
})
