import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import type { Ban, Decision, Receipt } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import type { ResilienceSettings } from '../../../src/stores/resilience/resilience-settings.ts'
import { ResilientStore } from '../../../src/stores/resilience/resilient-store.ts'
import type { Store } from '../../../src/stores/store.ts'
import { type Fault, FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { allowedDecision, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { limiterDescriptionOf } from '../../support/limiter-description.ts'
import { rejectionOf, textBeforeAddress, thrownBy, withAddress } from '../../support/thrown-by.ts'
import { INVALID_DECISIONS } from '../invalid-decisions.ts'

const OPTIONS = { limiter: limiterDescriptionOf('api'), deadlineMs: 100 }
const FAILED = withAddress(
  'store_failed',
  'the store failed: The store is down. Look at the store and its logs.',
)
const LATE = withAddress(
  'store_timeout',
  'the store did not answer within 100 ms. Look at the store and its network, or raise storeDeadlineMs.',
)

const withoutFallback = (store: Store): ResilientStore => new ResilientStore(store, OPTIONS)

/** A resilient store with a fallback, on a store that fails. */
function withFallback(fault: Fault): {
  faulty: FaultyStore
  fallback: MemoryStore
  resilient: ResilientStore
} {
  const faulty = new FaultyStore(new MemoryStore())
  faulty.fail(fault)
  const fallback = new MemoryStore()
  return {
    faulty,
    fallback,
    resilient: new ResilientStore(faulty, { ...OPTIONS, createFallback: () => fallback }),
  }
}

describe('a resilient store whose store works', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('answers directly with the decision of a synchronous store', () => {
    const decision = allowedDecision()
    const resilient = withoutFallback({ consume: () => decision, peek: () => decision })
    expect(resilient.consume(chargeOf('client'))).toBe(decision)
    expect(resilient.peek(chargeOf('client'))).toBe(decision)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for a promise, and leaves no timer', async () => {
    const decision = allowedDecision()
    const resilient = withoutFallback({ consume: async () => decision })
    const answer = resilient.consume(chargeOf('client'))
    expect(vi.getTimerCount()).toBe(1)
    expect(await answer).toBe(decision)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('uses an answer that comes just before the deadline', async () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'late', delayMs: 99 })
    const answer = withoutFallback(faulty).consume(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(99)
    expect(await answer).toMatchObject({ allowed: true })
  })
})

describe('a store that fails, without a fallback', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const warning = (reason: string): object => ({
    code: 'TOLLGATE_STORE_FAILED',
    message: `The store of the limiter 'api' failed to decide, and onStoreError applies: ${reason}`,
  })

  it.each([
    [{ kind: 'throw' }, 'store_failed', FAILED],
    [{ kind: 'reject' }, 'store_failed', FAILED],
    [{ kind: 'hang' }, 'store_timeout', LATE],
    [{ kind: 'late', delayMs: 5000 }, 'store_timeout', LATE],
  ] as const)('answers the error of %o, and warns once', async (fault, code, message) => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail(fault)
    const resilient = withoutFallback(faulty)
    const warnings = await emittedBy(async () => {
      for (const verb of ['consume', 'consume', 'peek'] as const) {
        const answer = resilient[verb](chargeOf('client'))
        await vi.advanceTimersByTimeAsync(100)
        expect(await answer).toBeInstanceOf(RateLimiterError)
        expect(await answer).toMatchObject({ code, message })
      }
    })
    expect(warnings).toEqual([warning(message)])
    // Each of three late answers has a timer, and the memory store, which has a client then. No deadline has one.
    expect(vi.getTimerCount()).toBe(fault.kind === 'late' ? 4 : 0)
  })

  it('answers at once with the cause if the store throws', () => {
    const cause = new Error('ECONNREFUSED')
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw', error: cause })
    expect(withoutFallback(faulty).consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', cause })
  })

  it.each(INVALID_DECISIONS)('treats %o as a failure, direct or as a promise', async (answer, problem) => {
    const message = withAddress(
      'store_failed',
      `the store failed: it ${problem}. Look at the store and its logs.`,
    )
    const direct = withoutFallback({ consume: () => answer as Decision })
    expect(direct.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', message })
    const promised = withoutFallback({ consume: async () => answer as Decision })
    expect(await promised.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', message })
  })

  it('shows a thrown value that is no error', () => {
    const resilient = withoutFallback({
      consume: () => {
        throw 'down'
      },
    })
    expect(resilient.consume(chargeOf('client'))).toMatchObject({
      message: withAddress('store_failed', 'the store failed: down. Look at the store and its logs.'),
    })
  })

  it('answers with decisions again as soon as the store does', () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw' })
    const resilient = withoutFallback(faulty)
    expect(resilient.consume(chargeOf('client'))).toBeInstanceOf(RateLimiterError)
    faulty.heal()
    expect(resilient.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })
})

describe('a store that the application has closed', () => {
  it('makes the resilient store throw its error, and the fallback does not decide', async () => {
    const closed = new MemoryStore()
    closed.close()
    const createFallback = vi.fn(() => new MemoryStore())
    const direct = new ResilientStore(closed, { ...OPTIONS, createFallback })
    expect(thrownBy(() => direct.consume(chargeOf('client'))).code).toBe('closed')
    const promised = new ResilientStore(
      { consume: async (charge) => closed.consume(charge) },
      { ...OPTIONS, createFallback },
    )
    const answer = promised.consume(chargeOf('client'))
    expect((await rejectionOf(answer as Promise<unknown>)).code).toBe('closed')
    expect(createFallback).not.toHaveBeenCalled()
  })
})

describe('the error of a store of another copy of this library', () => {
  it('is thrown if its code is closed', async () => {
    vi.resetModules()
    const other = await import('../../../src/errors/rate-limiter-error.ts')
    const closed = new other.RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' })
    const createFallback = vi.fn(() => new MemoryStore())
    const throwing = (): never => {
      throw closed
    }
    const direct = new ResilientStore({ consume: throwing }, { ...OPTIONS, createFallback })
    expect(() => direct.consume(chargeOf('client'))).toThrow(closed)
    const promised = new ResilientStore(
      { consume: () => Promise.reject(closed) },
      { ...OPTIONS, createFallback },
    )
    await expect(promised.consume(chargeOf('client'))).rejects.toThrow(closed)
    expect(createFallback).not.toHaveBeenCalled()
  })
})

describe('a store that fails, with a fallback', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each<Fault>([
    { kind: 'throw' },
    { kind: 'reject' },
    { kind: 'hang' },
    { kind: 'late', delayMs: 5000 },
    { kind: 'nonsense', answer: undefined },
    { kind: 'nonsense', answer: Promise.resolve({ allowed: true, retryAfterMs: 0, limits: [null] }) },
  ])('is replaced by the fallback: %o', async (fault) => {
    const { resilient } = withFallback(fault)
    const allowed: unknown[] = []
    for (let turn = 0; turn < 5; turn++) {
      const answer = resilient.consume(chargeOf('client'))
      await vi.advanceTimersByTimeAsync(100)
      const decision = await answer
      allowed.push(decision instanceof RateLimiterError ? decision.code : decision.allowed)
    }
    expect(allowed).toEqual([true, true, true, false, false])
    const peeked = resilient.peek(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(100)
    expect(await peeked).toMatchObject({ allowed: false })
  })

  it('causes the fallback to be created once, at the first failure', () => {
    const faulty = new FaultyStore(new MemoryStore())
    const createFallback = vi.fn(() => new MemoryStore())
    const resilient = new ResilientStore(faulty, { ...OPTIONS, createFallback })
    resilient.consume(chargeOf('client'))
    expect(createFallback).not.toHaveBeenCalled()
    faulty.fail({ kind: 'throw' })
    resilient.consume(chargeOf('client'))
    resilient.consume(chargeOf('client'))
    expect(createFallback).toHaveBeenCalledTimes(1)
  })

  it('is answered with the error if the fallback cannot decide at once', () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw' })
    const resilient = new ResilientStore(faulty, {
      ...OPTIONS,
      createFallback: () => ({ consume: async () => allowedDecision() }),
    })
    expect(resilient.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed' })
    expect(resilient.peek(chargeOf('client'))).toMatchObject({ code: 'store_failed' })
  })

  it('gets refunds of its own receipts, and the fallback gets those of the fallback', () => {
    const { faulty, fallback, resilient } = withFallback({ kind: 'throw' })
    const local = receiptOf(resilient.consume(chargeOf('client')))
    faulty.heal()
    const remote = receiptOf(resilient.consume(chargeOf('client')))
    const calls = faulty.calls
    resilient.refund(local)
    expect(faulty.calls).toBe(calls)
    expect(fallback.peek(chargeOf('client')).limits[0]?.remaining).toBe(3)
    resilient.refund(remote)
    expect(faulty.calls).toBe(calls + 1)
    expect(resilient.peek(chargeOf('client'))).toMatchObject({ limits: [{ remaining: 3 }] })
  })

  it('is reset and closed together with the fallback', async () => {
    const { faulty, fallback, resilient } = withFallback({ kind: 'throw' })
    resilient.consume(chargeOf('one'))
    resilient.consume(chargeOf('two'))
    faulty.heal()
    await resilient.reset('one')
    expect(fallback.size).toBe(1)
    await resilient.resetAll()
    expect(fallback.size).toBe(0)
    await resilient.closeFallback()
    expect(thrownBy(() => fallback.consume(chargeOf('one'))).code).toBe('closed')
  })
})

describe('resets and refunds of a resilient store', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('reach the store', async () => {
    const memory = new MemoryStore()
    const resilient = withoutFallback(memory)
    resilient.consume(chargeOf('one'))
    resilient.consume(chargeOf('two'))
    await resilient.reset('one')
    expect(memory.size).toBe(1)
    await resilient.resetAll()
    expect(memory.size).toBe(0)
    await resilient.closeFallback()
  })

  it.each([
    [{ kind: 'throw' }, 'store_failed', FAILED],
    [{ kind: 'reject' }, 'store_failed', FAILED],
    [{ kind: 'hang' }, 'store_timeout', LATE],
  ] as const)('reject if the store fails: %o', async (fault, code, message) => {
    const memory = new MemoryStore()
    const faulty = new FaultyStore(memory)
    const resilient = withoutFallback(faulty)
    faulty.fail(fault)
    for (const forget of [() => resilient.reset('client'), () => resilient.resetAll()]) {
      const rejected = rejectionOf(forget())
      await vi.advanceTimersByTimeAsync(100)
      expect(await rejected).toMatchObject({ code, message: textBeforeAddress(code, message) })
    }
    memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('have the thrown error as their cause', async () => {
    const cause = new Error('ECONNREFUSED')
    const fail = (): never => {
      throw cause
    }
    const resilient = withoutFallback({
      consume: () => allowedDecision(),
      reset: fail,
      resetAll: async () => fail(),
    })
    for (const forget of [() => resilient.reset('client'), () => resilient.resetAll()]) {
      expect(await rejectionOf(forget())).toMatchObject({ code: 'store_failed', cause })
    }
  })

  it('reset the fallback, also if the store fails', async () => {
    const { fallback, resilient } = withFallback({ kind: 'throw' })
    await emittedBy(() => resilient.consume(chargeOf('one')))
    expect(fallback.size).toBe(1)
    expect(await rejectionOf(resilient.reset('one'))).toMatchObject({ code: 'store_failed' })
    expect(fallback.size).toBe(0)
  })

  it.each<Fault>([{ kind: 'throw' }, { kind: 'reject' }])(
    'warn once of failed refunds: %o',
    async (fault) => {
      const faulty = new FaultyStore(new MemoryStore())
      const resilient = withoutFallback(faulty)
      const receipt = receiptOf(resilient.consume(chargeOf('client')))
      faulty.fail(fault)
      const warnings = await emittedBy(async () => {
        resilient.refund(receipt)
        resilient.refund(receipt)
        await vi.advanceTimersByTimeAsync(0)
      })
      expect(warnings).toEqual([
        {
          code: 'TOLLGATE_REFUND_FAILED',
          message: "The store of the limiter 'api' failed to give a charge back: The store is down",
        },
      ])
    },
  )

  it('do nothing if the store has no such methods', async () => {
    const resilient = withoutFallback({ consume: () => allowedDecision() })
    expect(() => resilient.refund({})).not.toThrow()
    await resilient.reset('client')
    await resilient.resetAll()
  })
})

describe('bans of a resilient store', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const base = { limits: [limitOf(3)], cost: 1 }
  const isBanned = (store: Store, key: string): boolean => {
    const decision = store.peek?.({ ...base, key }) as Decision
    return decision.ban !== undefined
  }

  const refusedFor = (endsInMs: number): [Decision, Ban] => {
    const ban = { endsInMs, isNew: true }
    return [{ allowed: false, retryAfterMs: endsInMs, limits: [], ban }, ban]
  }

  it('stay in this process if the fallback has counted the refusals', async () => {
    const { resilient, faulty, memory } = withBannedFallback()
    faulty.heal()
    expect(isBanned(memory, 'two')).toBe(false)
    faulty.fail({ kind: 'throw' })
    expect(resilient.consume({ ...base, key: 'two' })).toMatchObject({ ban: { isNew: false } })
  })

  it('reach the store', async () => {
    const memory = new MemoryStore()
    const resilient = withoutFallback(memory)
    await resilient.block('one', 5000)
    resilient.spreadBan('two', ...refusedFor(5000))
    expect(['one', 'two', 'three'].map((key) => isBanned(memory, key))).toEqual([true, true, false])
    expect(resilient.consume({ ...base, key: 'one' })).toMatchObject({
      allowed: false,
      ban: { isNew: false },
    })
    await resilient.unblock('one')
    expect(['one', 'two'].map((key) => isBanned(memory, key))).toEqual([false, true])
    memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('have their key and their milliseconds', async () => {
    const [block, unblock] = [vi.fn(), vi.fn()]
    const resilient = withoutFallback({ consume: () => allowedDecision(), block, unblock })
    await resilient.block('client', 5000)
    await resilient.unblock('client')
    resilient.spreadBan('other', ...refusedFor(7000))
    expect(block.mock.calls).toEqual([
      ['client', 5000],
      ['other', 7000],
    ])
    expect(unblock.mock.calls).toEqual([['client']])
  })

  it('reach the fallback too, if it was used', async () => {
    const { faulty, fallback, resilient } = withFallback({ kind: 'throw' })
    const blocked = vi.spyOn(fallback, 'block')
    faulty.heal()
    await resilient.block('early', 5000)
    expect(blocked).not.toHaveBeenCalled()
    faulty.fail({ kind: 'throw' })
    await emittedBy(() => resilient.consume({ ...base, key: 'other client' }))
    // The store fails, and the call rejects. The fallback bans the client.
    expect(await rejectionOf(resilient.block('client', 5000))).toMatchObject({ code: 'store_failed' })
    expect(resilient.consume({ ...base, key: 'client' })).toMatchObject({ ban: { endsInMs: 5000 } })
    expect(await rejectionOf(resilient.unblock('client'))).toMatchObject({ code: 'store_failed' })
    expect(resilient.consume({ ...base, key: 'client' })).toMatchObject({ allowed: true })
  })

  it('can be started by the fallback', async () => {
    const { resilient } = withFallback({ kind: 'throw' })
    const charge = { ...base, key: 'client', cost: 3, ban: banRule(1, 60_000, 5000) }
    await emittedBy(() => resilient.consume(charge))
    expect(resilient.consume(charge)).toMatchObject({ allowed: false, ban: { endsInMs: 5000, isNew: true } })
  })

  it.each([
    ['throws', () => down(), 'store_failed', FAILED],
    ['rejects', async () => down(), 'store_failed', FAILED],
    ['hangs', () => new Promise<void>(() => undefined), 'store_timeout', LATE],
  ] as const)('reject if the store %s', async (_what, failing, code, message) => {
    const resilient = withoutFallback({ consume: () => allowedDecision(), block: failing, unblock: failing })
    for (const write of [() => resilient.block('client', 5000), () => resilient.unblock('client')]) {
      const rejected = rejectionOf(write())
      await vi.advanceTimersByTimeAsync(100)
      expect(await rejected).toMatchObject({ code, message: textBeforeAddress(code, message) })
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['throws', () => down(), 'The store is down'],
    ['rejects', async () => down(), 'The store is down'],
    ['hangs', () => new Promise<void>(() => undefined), LATE],
  ] as const)('in the background cause one warning if the store %s', async (_what, block, reason) => {
    const resilient = withoutFallback({ consume: () => allowedDecision(), block })
    const warnings = await emittedBy(async () => {
      resilient.spreadBan('one', ...refusedFor(5000))
      resilient.spreadBan('two', ...refusedFor(5000))
      await vi.advanceTimersByTimeAsync(100)
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_BAN_FAILED',
        message: `The store of the limiter 'api' failed to ban a client: ${reason}`,
      },
    ])
  })

  it('in the background cause no warning after the application has closed the store', async () => {
    const closed = new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' })
    const resilient = withoutFallback({
      consume: () => allowedDecision(),
      block: () => Promise.reject(closed),
    })
    expect(await emittedBy(() => resilient.spreadBan('client', ...refusedFor(5000)))).toEqual([])
  })

  it('in the background cause a warning, whatever the store throws', async () => {
    const resilient = withoutFallback({
      consume: () => allowedDecision(),
      block: () => Promise.reject(Object.create(null)),
    })
    expect(await emittedBy(() => resilient.spreadBan('client', ...refusedFor(5000)))).toEqual([
      {
        code: 'TOLLGATE_BAN_FAILED',
        message: "The store of the limiter 'api' failed to ban a client: the thrown value has no text",
      },
    ])
  })

  describe('that a refusal has started', () => {
    const refusal = (isNew: boolean): Decision => ({
      ...refusedFor(5000)[0],
      ban: { endsInMs: 5000, isNew },
      limits: [{ name: 'test', limit: 3, remaining: 0, resetMs: 5000 }],
    })
    const withListener = (
      store: Store,
      options: Partial<ResilienceSettings> = {},
    ): { resilient: ResilientStore; onNewBan: Mock } => {
      const onNewBan = vi.fn()
      return { resilient: new ResilientStore(store, { ...OPTIONS, ...options, onNewBan }), onNewBan }
    }
    const charge = { ...base, key: 'client' }

    it('are reported once, for a direct decision and for a promise', async () => {
      for (const consume of [() => refusal(true), async () => refusal(true)]) {
        const { resilient, onNewBan } = withListener({ consume })
        expect(await resilient.consume(charge)).toMatchObject({ allowed: false })
        expect(onNewBan.mock.calls).toEqual([['client', refusal(true)]])
      }
    })

    it('are not reported again for later refusals, and not for invalid decisions', async () => {
      for (const answer of [refusal(false), { ban: { isNew: true, endsInMs: 5000 } } as Decision]) {
        const { resilient, onNewBan } = withListener({ consume: () => answer })
        await resilient.consume(charge)
        expect(onNewBan).not.toHaveBeenCalled()
      }
    })

    it('are reported for a valid decision after the deadline', async () => {
      for (const [answer, times] of [
        [refusal(true), 1],
        [refusal(false), 0],
        [undefined as unknown as Decision, 0],
      ] as const) {
        const consume = (): Promise<Decision> => new Promise((resolve) => setTimeout(resolve, 300, answer))
        const { resilient, onNewBan } = withListener({ consume })
        const pending = resilient.consume(charge)
        await vi.advanceTimersByTimeAsync(100)
        expect(await pending).toMatchObject({ code: 'store_timeout' })
        expect(onNewBan).not.toHaveBeenCalled()
        await vi.advanceTimersByTimeAsync(200)
        expect(onNewBan).toHaveBeenCalledTimes(times)
      }
    })

    it('are reported for decisions of the fallback', async () => {
      const { resilient, onNewBan } = withListener(
        { consume: down },
        { createFallback: () => new MemoryStore() },
      )
      const once = { ...charge, cost: 3, ban: banRule(1, 60_000, 5000) }
      await emittedBy(() => resilient.consume(once))
      expect(onNewBan).not.toHaveBeenCalled()
      resilient.consume(once)
      expect(onNewBan).toHaveBeenCalledTimes(1)
    })
  })

  it('do nothing if the store has no such methods', async () => {
    const resilient = withoutFallback({ consume: () => allowedDecision() })
    await resilient.block('client', 5000)
    await resilient.unblock('client')
    expect(await emittedBy(() => resilient.spreadBan('client', ...refusedFor(5000)))).toEqual([])
  })
})

/**
 * A client that the fallback has banned, with the ban spread to another key. Only `consume` of the store
 * fails.
 */
function withBannedFallback(): { resilient: ResilientStore; faulty: FaultyStore; memory: MemoryStore } {
  const memory = new MemoryStore()
  const faulty = new FaultyStore(memory)
  const store: Store = {
    consume: (charge) => faulty.consume(charge),
    block: (key, forMs) => memory.block(key, forMs),
  }
  const resilient = new ResilientStore(store, { ...OPTIONS, createFallback: () => new MemoryStore() })
  faulty.fail({ kind: 'throw' })
  const charge = { key: 'one', limits: [limitOf(1)], cost: 1, ban: banRule(1, 60_000, 5000) }
  resilient.consume(charge)
  const decision = resilient.consume(charge) as Decision
  const ban = decision.ban as Ban
  expect(ban).toEqual({ endsInMs: 5000, isNew: true })
  resilient.spreadBan('two', decision, ban)
  return { resilient, faulty, memory }
}

function down(): never {
  throw new Error('The store is down')
}

describe('a rejection after the deadline', () => {
  it('is not an unhandled rejection', async () => {
    vi.useFakeTimers()
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const rejectLate = (): Promise<Decision> =>
        new Promise((_resolve, reject) => setTimeout(() => reject(new Error('far too late')), 5000))
      const answer = withoutFallback({ consume: rejectLate }).consume(chargeOf('client'))
      await vi.advanceTimersByTimeAsync(100)
      expect(await answer).toMatchObject({ code: 'store_timeout' })
      await vi.advanceTimersByTimeAsync(5000)
      vi.useRealTimers()
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      vi.useRealTimers()
      process.off('unhandledRejection', unhandled)
    }
  })
})

function receiptOf(answer: unknown): Receipt {
  const { receipt } = answer as Decision
  if (receipt === undefined) throw new Error('no receipt')
  return receipt
}
