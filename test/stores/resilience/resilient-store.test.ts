import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import type { Ban, Decision, Receipt } from '../../../src/limits/decision.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { type ResilienceSettings, ResilientStore } from '../../../src/stores/resilience/resilient-store.ts'
import type { Store } from '../../../src/stores/store.ts'
import { type Fault, FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { admitted, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { descriptionOf } from '../../support/description-of.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'
import { NONSENSE } from '../nonsense.ts'

const OPTIONS = { limiter: descriptionOf('api'), deadlineMs: 100 }
const FAILED = 'the store failed: The store is down. Look at the store and its logs.'
const LATE =
  'the store did not answer within 100 ms. Look at the store and its network, or raise storeDeadlineMs.'

const withoutFallback = (store: Store): ResilientStore => new ResilientStore(store, OPTIONS)

/** A guarded store on a bad day, with the store it goes on with. */
function withFallback(fault: Fault): { faulty: FaultyStore; fallback: MemoryStore; guarded: ResilientStore } {
  const faulty = new FaultyStore(new MemoryStore())
  faulty.fail(fault)
  const fallback = new MemoryStore()
  return {
    faulty,
    fallback,
    guarded: new ResilientStore(faulty, { ...OPTIONS, createFallback: () => fallback }),
  }
}

describe('a guarded store in order', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('answers directly, with the very decision of a synchronous store', () => {
    const decision = admitted()
    const guarded = withoutFallback({ consume: () => decision, peek: () => decision })
    expect(guarded.consume(chargeOf('client'))).toBe(decision)
    expect(guarded.peek(chargeOf('client'))).toBe(decision)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for a promise, and leaves no timer behind', async () => {
    const decision = admitted()
    const guarded = withoutFallback({ consume: async () => decision })
    const answer = guarded.consume(chargeOf('client'))
    expect(vi.getTimerCount()).toBe(1)
    expect(await answer).toBe(decision)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes an answer that is late, but in time', async () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'late', delayMs: 99 })
    const answer = withoutFallback(faulty).consume(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(99)
    expect(await answer).toMatchObject({ allowed: true })
  })
})

describe('a store that fails, where nothing else counts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const warning = (why: string): object => ({
    code: 'TOLLGATE_STORE_FAILED',
    message: `The store of the limiter 'api' failed to decide, and onStoreError is followed: ${why}`,
  })

  it.each([
    [{ kind: 'throw' }, 'store_failed', FAILED],
    [{ kind: 'reject' }, 'store_failed', FAILED],
    [{ kind: 'hang' }, 'store_timeout', LATE],
    [{ kind: 'late', delayMs: 5000 }, 'store_timeout', LATE],
  ] as const)('answers the failure of %o, and warns once', async (fault, code, message) => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail(fault)
    const guarded = withoutFallback(faulty)
    const warnings = await emittedBy(async () => {
      for (const verb of ['consume', 'consume', 'peek'] as const) {
        const answer = guarded[verb](chargeOf('client'))
        await vi.advanceTimersByTimeAsync(100)
        expect(await answer).toBeInstanceOf(RateLimiterError)
        expect(await answer).toMatchObject({ code, message })
      }
    })
    expect(warnings).toEqual([warning(message)])
    // The memory store prunes, and three late answers are still on their way; no deadline has a timer left.
    expect(vi.getTimerCount()).toBe(fault.kind === 'late' ? 4 : 1)
  })

  it('fails at once where the store throws: no promise, and the cause kept', () => {
    const cause = new Error('ECONNREFUSED')
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw', error: cause })
    expect(withoutFallback(faulty).consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', cause })
  })

  it.each(NONSENSE)('takes %o for failure, direct or promised', async (answer, flaw) => {
    const message = `the store failed: it ${flaw}. Look at the store and its logs.`
    const direct = withoutFallback({ consume: () => answer as Decision })
    expect(direct.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', message })
    const promised = withoutFallback({ consume: async () => answer as Decision })
    expect(await promised.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed', message })
  })

  it('shows what is thrown and is no error', () => {
    const guarded = withoutFallback({
      consume: () => {
        throw 'down'
      },
    })
    expect(guarded.consume(chargeOf('client'))).toMatchObject({
      message: 'the store failed: down. Look at the store and its logs.',
    })
  })

  it('answers again as soon as the store does', () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw' })
    const guarded = withoutFallback(faulty)
    expect(guarded.consume(chargeOf('client'))).toBeInstanceOf(RateLimiterError)
    faulty.heal()
    expect(guarded.consume(chargeOf('client'))).toMatchObject({ allowed: true })
  })
})

describe('a store that was closed', () => {
  it('is a mistake that is thrown on, not a failure to go on after', async () => {
    const closed = new MemoryStore()
    closed.close()
    const makeFallback = vi.fn(() => new MemoryStore())
    const direct = new ResilientStore(closed, { ...OPTIONS, createFallback: makeFallback })
    expect(thrownBy(() => direct.consume(chargeOf('client'))).code).toBe('closed')
    const promised = new ResilientStore(
      { consume: async (charge) => closed.consume(charge) },
      { ...OPTIONS, createFallback: makeFallback },
    )
    const answer = promised.consume(chargeOf('client'))
    expect((await rejectionOf(answer as Promise<unknown>)).code).toBe('closed')
    expect(makeFallback).not.toHaveBeenCalled()
  })
})

describe('errors of another copy of this library', () => {
  /** As the CommonJS build beside the ESM one throws it: our name and fields, another class. */
  const foreign = (code: string): Error =>
    Object.assign(new Error('foreign'), { name: 'RateLimiterError', code })
  const throwing = (code: string): Store => ({
    consume: () => {
      throw foreign(code)
    },
  })

  it('are thrown on where they say that the store was closed', async () => {
    const makeFallback = vi.fn(() => new MemoryStore())
    const direct = new ResilientStore(throwing('closed'), { ...OPTIONS, createFallback: makeFallback })
    expect(() => direct.consume(chargeOf('client'))).toThrow(foreign('closed'))
    const promised = new ResilientStore(
      { consume: () => Promise.reject(foreign('closed')) },
      { ...OPTIONS, createFallback: makeFallback },
    )
    await expect(promised.consume(chargeOf('client'))).rejects.toThrow(foreign('closed'))
    expect(makeFallback).not.toHaveBeenCalled()
  })

  it('are failures to go on after where they say anything else', () => {
    const guarded = new ResilientStore(throwing('store_failed'), {
      ...OPTIONS,
      createFallback: () => new MemoryStore(),
    })
    expect(guarded.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    const failure = withoutFallback(throwing('store_failed')).consume(chargeOf('client'))
    // One of ours, which whoever gets it can tell from a decision.
    expect(failure).toBeInstanceOf(RateLimiterError)
    expect(failure).toMatchObject({ code: 'store_failed', cause: foreign('store_failed') })
  })
})

describe('a store that fails, with local counters to go on with', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each<Fault>([
    { kind: 'throw' },
    { kind: 'reject' },
    { kind: 'hang' },
    { kind: 'late', delayMs: 5000 },
    { kind: 'nonsense', answer: undefined },
    { kind: 'nonsense', answer: Promise.resolve({ allowed: true, retryAfterMs: 0, limits: [null] }) },
  ])('counts on: %o', async (fault) => {
    const { guarded } = withFallback(fault)
    const allowed: unknown[] = []
    for (let turn = 0; turn < 5; turn++) {
      const answer = guarded.consume(chargeOf('client'))
      await vi.advanceTimersByTimeAsync(100)
      const decision = await answer
      allowed.push(decision instanceof RateLimiterError ? decision.code : decision.allowed)
    }
    expect(allowed).toEqual([true, true, true, false, false])
    const peeked = guarded.peek(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(100)
    expect(await peeked).toMatchObject({ allowed: false })
  })

  it('makes the fallback when it is needed, and only once', () => {
    const faulty = new FaultyStore(new MemoryStore())
    const makeFallback = vi.fn(() => new MemoryStore())
    const guarded = new ResilientStore(faulty, { ...OPTIONS, createFallback: makeFallback })
    guarded.consume(chargeOf('client'))
    expect(makeFallback).not.toHaveBeenCalled()
    faulty.fail({ kind: 'throw' })
    guarded.consume(chargeOf('client'))
    guarded.consume(chargeOf('client'))
    expect(makeFallback).toHaveBeenCalledTimes(1)
  })

  it('answers the failure where the fallback cannot decide at once', () => {
    const faulty = new FaultyStore(new MemoryStore())
    faulty.fail({ kind: 'throw' })
    const guarded = new ResilientStore(faulty, {
      ...OPTIONS,
      createFallback: () => ({ consume: async () => admitted() }),
    })
    expect(guarded.consume(chargeOf('client'))).toMatchObject({ code: 'store_failed' })
    expect(guarded.peek(chargeOf('client'))).toMatchObject({ code: 'store_failed' })
  })

  it('gives receipts back to the store that wrote them', () => {
    const { faulty, fallback, guarded } = withFallback({ kind: 'throw' })
    const local = receiptOf(guarded.consume(chargeOf('client')))
    faulty.heal()
    const remote = receiptOf(guarded.consume(chargeOf('client')))
    const calls = faulty.calls
    guarded.refund(local)
    expect(faulty.calls).toBe(calls)
    expect(fallback.peek(chargeOf('client')).limits[0]?.remaining).toBe(3)
    guarded.refund(remote)
    expect(faulty.calls).toBe(calls + 1)
    expect(guarded.peek(chargeOf('client'))).toMatchObject({ limits: [{ remaining: 3 }] })
  })

  it('resets and closes the fallback as well', async () => {
    const { faulty, fallback, guarded } = withFallback({ kind: 'throw' })
    guarded.consume(chargeOf('one'))
    guarded.consume(chargeOf('two'))
    faulty.heal()
    await guarded.reset('one')
    expect(fallback.size).toBe(1)
    await guarded.resetAll()
    expect(fallback.size).toBe(0)
    await guarded.closeFallback()
    expect(thrownBy(() => fallback.consume(chargeOf('one'))).code).toBe('closed')
  })
})

describe('resets and refunds of a guarded store', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('reach the store', async () => {
    const memory = new MemoryStore()
    const guarded = withoutFallback(memory)
    guarded.consume(chargeOf('one'))
    guarded.consume(chargeOf('two'))
    await guarded.reset('one')
    expect(memory.size).toBe(1)
    await guarded.resetAll()
    expect(memory.size).toBe(0)
    await guarded.closeFallback()
  })

  it.each([
    [{ kind: 'throw' }, 'store_failed', FAILED],
    [{ kind: 'reject' }, 'store_failed', FAILED],
    [{ kind: 'hang' }, 'store_timeout', LATE],
  ] as const)('fail with a store that does: %o', async (fault, code, message) => {
    const memory = new MemoryStore()
    const faulty = new FaultyStore(memory)
    const guarded = withoutFallback(faulty)
    faulty.fail(fault)
    for (const forget of [() => guarded.reset('client'), () => guarded.resetAll()]) {
      const rejected = rejectionOf(forget())
      await vi.advanceTimersByTimeAsync(100)
      expect(await rejected).toMatchObject({ code, message })
    }
    memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keep what the store threw as the cause', async () => {
    const cause = new Error('ECONNREFUSED')
    const fail = (): never => {
      throw cause
    }
    const guarded = withoutFallback({ consume: () => admitted(), reset: fail, resetAll: async () => fail() })
    for (const forget of [() => guarded.reset('client'), () => guarded.resetAll()]) {
      expect(await rejectionOf(forget())).toMatchObject({ code: 'store_failed', cause })
    }
  })

  it('forget in the fallback even where the store fails', async () => {
    const { fallback, guarded } = withFallback({ kind: 'throw' })
    await emittedBy(() => guarded.consume(chargeOf('one')))
    expect(fallback.size).toBe(1)
    expect(await rejectionOf(guarded.reset('one'))).toMatchObject({ code: 'store_failed' })
    expect(fallback.size).toBe(0)
  })

  it.each<Fault>([{ kind: 'throw' }, { kind: 'reject' }])('warn once of refunds: %o', async (fault) => {
    const faulty = new FaultyStore(new MemoryStore())
    const guarded = withoutFallback(faulty)
    const receipt = receiptOf(guarded.consume(chargeOf('client')))
    faulty.fail(fault)
    const warnings = await emittedBy(async () => {
      guarded.refund(receipt)
      guarded.refund(receipt)
      await vi.advanceTimersByTimeAsync(0)
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_REFUND_FAILED',
        message: "The store of the limiter 'api' failed to give a charge back: The store is down",
      },
    ])
  })

  it('do nothing where the store has neither', async () => {
    const guarded = withoutFallback({ consume: () => admitted() })
    expect(() => guarded.refund({})).not.toThrow()
    await guarded.reset('client')
    await guarded.resetAll()
  })
})

describe('bans of a guarded store', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const asked = { limits: [limitOf(3)], cost: 1 }
  const isBanned = (store: Store, key: string): boolean => {
    const decision = store.peek?.({ ...asked, key }) as Decision
    return decision.ban !== undefined
  }

  const refusedFor = (endsInMs: number): [Decision, Ban] => {
    const ban = { endsInMs, isNew: true }
    return [{ allowed: false, retryAfterMs: endsInMs, limits: [], ban }, ban]
  }

  it('stay in this process where it alone has counted', async () => {
    const { guarded, faulty, memory } = withBannedFallback()
    faulty.heal()
    expect(isBanned(memory, 'two')).toBe(false)
    faulty.fail({ kind: 'throw' })
    expect(guarded.consume({ ...asked, key: 'two' })).toMatchObject({ ban: { isNew: false } })
  })

  it('reach the store', async () => {
    const memory = new MemoryStore()
    const guarded = withoutFallback(memory)
    await guarded.block('one', 5000)
    guarded.spreadBan('two', ...refusedFor(5000))
    expect(['one', 'two', 'three'].map((key) => isBanned(memory, key))).toEqual([true, true, false])
    expect(guarded.consume({ ...asked, key: 'one' })).toMatchObject({ allowed: false, ban: { isNew: false } })
    await guarded.unblock('one')
    expect(['one', 'two'].map((key) => isBanned(memory, key))).toEqual([false, true])
    memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('are passed on with their key and their milliseconds', async () => {
    const [block, unblock] = [vi.fn(), vi.fn()]
    const guarded = withoutFallback({ consume: () => admitted(), block, unblock })
    await guarded.block('client', 5000)
    await guarded.unblock('client')
    guarded.spreadBan('other', ...refusedFor(7000))
    expect(block.mock.calls).toEqual([
      ['client', 5000],
      ['other', 7000],
    ])
    expect(unblock.mock.calls).toEqual([['client']])
  })

  it('reach the fallback as well, where there is one', async () => {
    const { faulty, fallback, guarded } = withFallback({ kind: 'throw' })
    const blocked = vi.spyOn(fallback, 'block')
    faulty.heal()
    await guarded.block('early', 5000)
    expect(blocked).not.toHaveBeenCalled()
    faulty.fail({ kind: 'throw' })
    await emittedBy(() => guarded.consume({ ...asked, key: 'anybody' }))
    // The store is down, and must say so; meanwhile the client is banned where it is counted.
    expect(await rejectionOf(guarded.block('client', 5000))).toMatchObject({ code: 'store_failed' })
    expect(guarded.consume({ ...asked, key: 'client' })).toMatchObject({ ban: { endsInMs: 5000 } })
    expect(await rejectionOf(guarded.unblock('client'))).toMatchObject({ code: 'store_failed' })
    expect(guarded.consume({ ...asked, key: 'client' })).toMatchObject({ allowed: true })
  })

  it('are brought about by the fallback too', async () => {
    const { guarded } = withFallback({ kind: 'throw' })
    const charge = { ...asked, key: 'client', cost: 3, ban: banRule(1, 60_000, 5000) }
    await emittedBy(() => guarded.consume(charge))
    expect(guarded.consume(charge)).toMatchObject({ allowed: false, ban: { endsInMs: 5000, isNew: true } })
  })

  it.each([
    ['throws', () => down(), 'store_failed', FAILED],
    ['rejects', async () => down(), 'store_failed', FAILED],
    ['hangs', () => new Promise<void>(() => undefined), 'store_timeout', LATE],
  ] as const)('fail with a store that %s', async (_what, failing, code, message) => {
    const guarded = withoutFallback({ consume: () => admitted(), block: failing, unblock: failing })
    for (const write of [() => guarded.block('client', 5000), () => guarded.unblock('client')]) {
      const rejected = rejectionOf(write())
      await vi.advanceTimersByTimeAsync(100)
      expect(await rejected).toMatchObject({ code, message })
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['throws', () => down(), 'The store is down'],
    ['rejects', async () => down(), 'The store is down'],
    ['hangs', () => new Promise<void>(() => undefined), LATE],
  ] as const)('in the background are warned of once with a store that %s', async (_what, block, why) => {
    const guarded = withoutFallback({ consume: () => admitted(), block })
    const warnings = await emittedBy(async () => {
      guarded.spreadBan('one', ...refusedFor(5000))
      guarded.spreadBan('two', ...refusedFor(5000))
      await vi.advanceTimersByTimeAsync(100)
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_BAN_FAILED',
        message: `The store of the limiter 'api' failed to ban a client: ${why}`,
      },
    ])
  })

  it('are warned of whatever the store threw', async () => {
    const guarded = withoutFallback({
      consume: () => admitted(),
      block: () => Promise.reject(Object.create(null)),
    })
    expect(await emittedBy(() => guarded.spreadBan('client', ...refusedFor(5000)))).toEqual([
      {
        code: 'TOLLGATE_BAN_FAILED',
        message: "The store of the limiter 'api' failed to ban a client: what it threw has no text",
      },
    ])
  })

  describe('that a refusal brought about', () => {
    const refusal = (isNew: boolean): Decision => ({
      ...refusedFor(5000)[0],
      ban: { endsInMs: 5000, isNew },
      limits: [{ name: 'test', limit: 3, remaining: 0, resetMs: 5000 }],
    })
    const told = (
      store: Store,
      options: Partial<ResilienceSettings> = {},
    ): { guarded: ResilientStore; onNewBan: Mock } => {
      const onNewBan = vi.fn()
      return { guarded: new ResilientStore(store, { ...OPTIONS, ...options, onNewBan }), onNewBan }
    }
    const charge = { ...asked, key: 'client' }

    it('are told of once, by an answer at once and by a promise', async () => {
      for (const consume of [() => refusal(true), async () => refusal(true)]) {
        const { guarded, onNewBan } = told({ consume })
        expect(await guarded.consume(charge)).toMatchObject({ allowed: false })
        expect(onNewBan.mock.calls).toEqual([['client', refusal(true)]])
      }
    })

    it('are not told of again by the refusals that they cause, nor by what is no decision', async () => {
      for (const answer of [refusal(false), { ban: { isNew: true, endsInMs: 5000 } } as Decision]) {
        const { guarded, onNewBan } = told({ consume: () => answer })
        await guarded.consume(charge)
        expect(onNewBan).not.toHaveBeenCalled()
      }
    })

    it('are told of by an answer that came too late to be heeded, unless it is none', async () => {
      for (const [answer, times] of [
        [refusal(true), 1],
        [refusal(false), 0],
        [undefined as unknown as Decision, 0],
      ] as const) {
        const consume = (): Promise<Decision> => new Promise((resolve) => setTimeout(resolve, 300, answer))
        const { guarded, onNewBan } = told({ consume })
        const asking = guarded.consume(charge)
        await vi.advanceTimersByTimeAsync(100)
        expect(await asking).toMatchObject({ code: 'store_timeout' })
        expect(onNewBan).not.toHaveBeenCalled()
        await vi.advanceTimersByTimeAsync(200)
        expect(onNewBan).toHaveBeenCalledTimes(times)
      }
    })

    it('are told of by the store that the limiter goes on with', async () => {
      const { guarded, onNewBan } = told({ consume: down }, { createFallback: () => new MemoryStore() })
      const once = { ...charge, cost: 3, ban: banRule(1, 60_000, 5000) }
      await emittedBy(() => guarded.consume(once))
      expect(onNewBan).not.toHaveBeenCalled()
      guarded.consume(once)
      expect(onNewBan).toHaveBeenCalledTimes(1)
    })
  })

  it('are none where the store has no such methods', async () => {
    const guarded = withoutFallback({ consume: () => admitted() })
    await guarded.block('client', 5000)
    await guarded.unblock('client')
    expect(await emittedBy(() => guarded.spreadBan('client', ...refusedFor(5000)))).toEqual([])
  })
})

/** A client banned by the fallback, and the ban spread to another key, while only the store's consume fails. */
function withBannedFallback(): { guarded: ResilientStore; faulty: FaultyStore; memory: MemoryStore } {
  const memory = new MemoryStore()
  const faulty = new FaultyStore(memory)
  const store: Store = {
    consume: (charge) => faulty.consume(charge),
    block: (key, forMs) => memory.block(key, forMs),
  }
  const guarded = new ResilientStore(store, { ...OPTIONS, createFallback: () => new MemoryStore() })
  faulty.fail({ kind: 'throw' })
  const charge = { key: 'one', limits: [limitOf(1)], cost: 1, ban: banRule(1, 60_000, 5000) }
  guarded.consume(charge)
  const decision = guarded.consume(charge) as Decision
  const ban = decision.ban as Ban
  expect(ban).toEqual({ endsInMs: 5000, isNew: true })
  guarded.spreadBan('two', decision, ban)
  return { guarded, faulty, memory }
}

function down(): never {
  throw new Error('The store is down')
}

describe('a rejection after the deadline', () => {
  it('is no unhandled rejection', async () => {
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
