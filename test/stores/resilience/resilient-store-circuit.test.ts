import { createHook } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { isPromiseLike } from '../../../src/maybe-promise.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import { type ResilienceSettings, ResilientStore } from '../../../src/stores/resilience/resilient-store.ts'
import type { Charge, Store } from '../../../src/stores/store.ts'
import { type Fault, FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { ALGORITHMS, admitted, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { descriptionOf } from '../../support/description-of.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'

const LATE =
  'the store did not answer within 100 ms. Look at the store and its network, or raise storeDeadlineMs.'
const AVOIDED =
  'the store is not asked for a moment, since it failed again and again: store_timeout. ' +
  'Look at the store and its logs.'

beforeEach(() => {
  vi.useFakeTimers()
  // The shortest pauses: 50, 100, 200, 400 and 500 ms.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const silent = { info: (): void => undefined, warn: (): void => undefined }

/** A store as behind a network, on which bad days can be laid, with what guards it. */
class Guarded {
  readonly memory = new MemoryStore()
  readonly faulty = new FaultyStore(asynchronous(this.memory))
  readonly fallback = new MemoryStore()
  readonly guarded: ResilientStore

  constructor(options: Partial<ResilienceSettings> = {}) {
    const basic = { limiter: descriptionOf('api'), deadlineMs: 100, logger: silent }
    this.guarded = new ResilientStore(this.faulty, { ...basic, ...options })
  }

  /** One that goes on with counters of this process. */
  static withFallback(options: Partial<ResilienceSettings> = {}): Guarded {
    const one: Guarded = new Guarded({ createFallback: () => one.fallback, ...options })
    return one
  }

  get state(): string {
    return this.guarded.health.state
  }

  /** Asks and waits: not at all where the answer comes at once, else until the deadline. */
  async consume(charge: Charge = chargeOf('client')): Promise<Decision | RateLimiterError> {
    let isWaiting = true
    const answer = Promise.resolve(this.guarded.consume(charge)).finally(() => {
      isWaiting = false
    })
    await vi.advanceTimersByTimeAsync(0)
    if (isWaiting) await vi.advanceTimersByTimeAsync(100)
    return answer
  }

  /** The answer of this process, while another call asks the store. */
  consumeHere(charge: Charge): unknown {
    this.guarded.consume(chargeOf('the one that asks'))
    expect(this.state).toBe('half-open')
    return this.guarded.consume(charge)
  }

  /** Has five calls fail, one after the other, which opens the circuit. */
  async open(fault: Fault = { kind: 'hang' }): Promise<void> {
    this.faulty.fail(fault)
    for (let turn = 0; turn < 5; turn++) await this.consume(chargeOf('somebody', [limitOf(1_000_000)]))
    expect(this.state).toBe('open')
  }
}

describe('a store that hangs', () => {
  it('is asked five times; then answers are there at once, and no call reaches it', async () => {
    const one = new Guarded()
    one.faulty.fail({ kind: 'hang' })
    for (let turn = 0; turn < 5; turn++) {
      expect(one.state).toBe('closed')
      expect(await one.consume()).toMatchObject({ code: 'store_timeout', message: LATE })
    }
    expect(one.guarded.health).toMatchObject({ state: 'open', lastError: { code: 'store_timeout' } })
    for (let turn = 0; turn < 100; turn++) {
      const answer = one.guarded[turn % 2 === 0 ? 'consume' : 'peek'](chargeOf('client'))
      expect(answer).toBeInstanceOf(RateLimiterError)
      expect(answer).toMatchObject({ code: 'store_failed', message: AVOIDED })
    }
    expect(one.faulty.calls).toBe(5)
  })

  it('keeps all waiting who came together for one deadline, and nobody who comes later', async () => {
    const one = new Guarded()
    one.faulty.fail({ kind: 'hang' })
    const answers = Array.from({ length: 50 }, () => one.guarded.consume(chargeOf('client')))
    await vi.advanceTimersByTimeAsync(100)
    for (const answer of answers) expect(await answer).toMatchObject({ code: 'store_timeout' })
    expect(one.state).toBe('open')
    one.guarded.consume(chargeOf('client'))
    expect(one.faulty.calls).toBe(50)
  })

  it('is asked by exactly one call after a pause, and by the next one after a longer pause', async () => {
    const one = new Guarded()
    await one.open()
    const openedMs = performance.now()
    const askedAfterMs: number[] = []
    const answers: unknown[] = []
    for (let turn = 0; turn < 300; turn++) {
      const calls = one.faulty.calls
      // Three at a time: of which one asks at most.
      for (const _ of [1, 2, 3]) answers.push(one.guarded.consume(chargeOf('client')))
      expect(one.faulty.calls - calls).toBeLessThanOrEqual(1)
      if (one.faulty.calls > calls) askedAfterMs.push(performance.now() - openedMs)
      await vi.advanceTimersByTimeAsync(10)
    }
    // Each time 100 ms until the deadline, and pauses of 50, 100, 200, 400, 500, 500 and 500 ms.
    expect(askedAfterMs).toEqual([50, 250, 550, 1050, 1650, 2250, 2850])
    expect(answers.filter(isPromiseLike).length).toBe(askedAfterMs.length)
  })

  it('decides again as soon as the one call finds it back', async () => {
    const one = new Guarded()
    await one.open()
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(49)
    expect(one.guarded.consume(chargeOf('client'))).toMatchObject({ message: AVOIDED })
    await vi.advanceTimersByTimeAsync(1)
    const probe = one.guarded.consume(chargeOf('client'))
    expect(one.state).toBe('half-open')
    expect(one.guarded.consume(chargeOf('client'))).toMatchObject({ message: AVOIDED })
    expect(await probe).toMatchObject({ allowed: true, limits: [{ remaining: 2 }] })
    expect(one.state).toBe('closed')
    expect(await one.consume()).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
  })

  it.each<Fault>([
    { kind: 'throw' },
    { kind: 'reject' },
    { kind: 'late', delayMs: 5000 },
    { kind: 'nonsense', answer: undefined },
    { kind: 'nonsense', answer: Promise.resolve({ allowed: 'yes' }) },
  ])('is not the only one that is kept away from: %o', async (fault) => {
    const one = new Guarded()
    await one.open(fault)
    expect(one.faulty.calls).toBe(5)
    for (let turn = 0; turn < 10; turn++) expect(await one.consume()).toBeInstanceOf(RateLimiterError)
    expect(one.faulty.calls).toBe(5)
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(50)
    expect(await one.consume()).toMatchObject({ allowed: true })
    expect(one.state).toBe('closed')
  })

  it('is not kept away from where it answers now and then', async () => {
    const one = new Guarded()
    for (let turn = 0; turn < 10; turn++) {
      one.faulty.fail({ kind: 'reject' })
      for (const _ of [1, 2, 3, 4]) await one.consume()
      one.faulty.heal()
      await one.consume()
    }
    expect([one.state, one.faulty.calls]).toEqual(['closed', 50])
  })
})

describe('a store that is not asked', () => {
  /** The promises that `work` makes. */
  function promisesOf(work: () => void): number {
    let made = 0
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'PROMISE') made++
      },
    })
    hook.enable()
    work()
    hook.disable()
    return made
  }

  it('costs no promise and no timer, with counters to go on with and without', async () => {
    expect(promisesOf(() => void Promise.resolve(1).then())).toBeGreaterThan(0)
    for (const one of [new Guarded(), Guarded.withFallback()]) {
      await one.open()
      const timers = vi.getTimerCount()
      const made = promisesOf(() => {
        for (let turn = 0; turn < 1000; turn++) one.guarded.consume(chargeOf(`client ${turn % 10}`))
      })
      expect([made, vi.getTimerCount()]).toEqual([0, timers])
    }
  })

  it('leaves nothing behind in an outage of a quarter of an hour', async () => {
    const one = Guarded.withFallback()
    await one.open()
    const timers = vi.getTimerCount()
    for (let turn = 0; turn < 900; turn++) {
      for (let client = 0; client < 5; client++) one.guarded.consume(chargeOf(`client ${client}`))
      await vi.advanceTimersByTimeAsync(1000)
    }
    // One call in a second, of five; none in the first, while the first pause lasts.
    expect(one.faulty.calls).toBe(5 + 899)
    expect(vi.getTimerCount()).toBe(timers)
    // The five that ask each second, and whom the circuit opened for, if its time is not over.
    expect(one.fallback.size).toBeLessThanOrEqual(6)
  })
})

describe('answers that come after their deadline', () => {
  it('are counted, whatever they are, and heeded by nobody', async () => {
    const one = new Guarded()
    await one.open({ kind: 'late', delayMs: 300 })
    // The first came at 300 ms, when the third of five was waiting; 500 ms have passed.
    expect(one.guarded.health.lateReplies).toBe(3)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(one.guarded.health).toMatchObject({ state: 'open', lateReplies: 5 })
  })

  it('do not close a circuit that was opened after they were asked for', async () => {
    const one = new Guarded()
    one.faulty.fail({ kind: 'late', delayMs: 160 })
    const answers = Array.from({ length: 6 }, () => one.guarded.consume(chargeOf('client')))
    await vi.advanceTimersByTimeAsync(150)
    one.faulty.fail({ kind: 'hang' })
    one.guarded.consume(chargeOf('client'))
    expect(one.state).toBe('half-open')
    await vi.advanceTimersByTimeAsync(10)
    expect(one.guarded.health).toMatchObject({ state: 'half-open', lateReplies: 6 })
    for (const answer of answers) expect(await answer).toMatchObject({ code: 'store_timeout' })
  })

  it('are counted where they are rejections or nonsense', async () => {
    const replies: ((settle: { resolve: (value: never) => void; reject: (e: Error) => void }) => void)[] = [
      ({ reject }) => reject(new Error('gone')),
      ({ resolve }) => resolve('nonsense' as never),
    ]
    for (const reply of replies) {
      const guarded = new ResilientStore(
        { consume: () => new Promise((resolve, reject) => setTimeout(reply, 200, { resolve, reject })) },
        { limiter: descriptionOf('api'), deadlineMs: 100, logger: silent },
      )
      const answer = guarded.consume(chargeOf('client'))
      await vi.advanceTimersByTimeAsync(199)
      expect(await answer).toMatchObject({ code: 'store_timeout' })
      expect(guarded.health.lateReplies).toBe(0)
      await vi.advanceTimersByTimeAsync(1)
      expect(guarded.health.lateReplies).toBe(1)
    }
  })

  it('are none where a store fails in time, though it says that it had none', async () => {
    const error = new RateLimiterError({ code: 'store_timeout', problem: 'it was late', remedy: 'Wait.' })
    const one = new Guarded()
    one.faulty.fail({ kind: 'reject', error })
    expect(await one.consume()).toBe(error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.guarded.health.lateReplies).toBe(0)
  })

  it('teach the counters of this process nothing', async () => {
    const one = Guarded.withFallback()
    one.faulty.fail({ kind: 'late', delayMs: 300 })
    const charge = chargeOf('client', [limitOf(100)])
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 99 }] })
    one.faulty.fail({ kind: 'hang' })
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 98 }] })
    await vi.advanceTimersByTimeAsync(300)
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 97 }] })
    expect(one.guarded.health.lateReplies).toBe(1)
  })
})

describe('what is no decision, while a store is not asked', () => {
  it('is not sent: resets and blocks say so, and are done in this process', async () => {
    const one = Guarded.withFallback()
    await one.open()
    one.guarded.consume(chargeOf('client'))
    const writes: ((key: string) => Promise<void>)[] = [
      (key) => one.guarded.block(key, 5000),
      (key) => one.guarded.unblock(key),
      (key) => one.guarded.reset(key),
      () => one.guarded.resetAll(),
    ]
    const sizes: number[] = []
    for (const write of writes) {
      const error = await rejectionOf(write('client'))
      expect(error).toMatchObject({ code: 'store_failed', message: AVOIDED })
      sizes.push(one.fallback.size)
    }
    expect(one.faulty.calls).toBe(5)
    // Somebody and the client; blocked and unblocked; without it; without anybody.
    expect(sizes).toEqual([2, 2, 1, 0])
  })

  it('is not sent: a refund is dropped, and an operator told once', async () => {
    const warn = vi.fn()
    const one = new Guarded({ logger: { info: vi.fn(), warn } })
    const { receipt = {} } = (await one.consume()) as Decision
    await one.open()
    warn.mockClear()
    one.guarded.refund(receipt)
    one.guarded.refund(receipt)
    await vi.advanceTimersByTimeAsync(0)
    expect(warn.mock.calls).toEqual([
      [`The store of the limiter 'api' failed to give a charge back: ${AVOIDED}`],
    ])
    expect(one.faulty.calls).toBe(6)
    // Nothing is kept for later.
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.faulty.calls).toBe(6)
  })

  it('may be the one call that finds it back', async () => {
    const one = new Guarded()
    await one.open()
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(50)
    await one.guarded.reset('client')
    expect(one.state).toBe('closed')
  })

  it('may be the one call that does not', async () => {
    const one = new Guarded()
    await one.open()
    await vi.advanceTimersByTimeAsync(50)
    const rejected = rejectionOf(one.guarded.reset('client'))
    expect(one.state).toBe('half-open')
    await vi.advanceTimersByTimeAsync(100)
    expect((await rejected).message).toBe(LATE)
    expect(one.state).toBe('open')
  })

  it('opens the circuit like decisions do', async () => {
    const warn = vi.fn()
    const one = new Guarded({ logger: { info: vi.fn(), warn } })
    one.faulty.fail({ kind: 'reject' })
    for (let turn = 0; turn < 5; turn++) await rejectionOf(one.guarded.reset('client'))
    expect(one.state).toBe('open')
    expect(warn.mock.calls).toEqual([
      [
        "The store of the limiter 'api' failed to decide, and onStoreError is followed: " +
          'the store failed: The store is down. Look at the store and its logs.',
      ],
    ])
  })
})

describe('counters of this process, where the store was there before', () => {
  it.each(ALGORITHMS)('leave 10 units of 100 in a %s of which 90 were used', async (algorithm) => {
    const one = Guarded.withFallback()
    const charge = chargeOf('client', [limitOf(100, { algorithm, windowMs: 3_600_000 })])
    for (let turn = 0; turn < 90; turn++) await one.guarded.consume(charge)
    await one.open()
    const answers = Array.from({ length: 12 }, () => one.guarded.consume(charge) as Decision)
    expect(answers.map(({ allowed }) => allowed)).toEqual([...Array(10).fill(true), false, false])
    // A client of whom the store has said nothing has all of it.
    expect(one.guarded.consume({ ...charge, key: 'other' })).toMatchObject({ limits: [{ remaining: 99 }] })
  })

  it.each(ALGORITHMS)('refuse whom a %s refused, until the very instant that it said', async (algorithm) => {
    const one = Guarded.withFallback()
    const limits = [limitOf(2, { algorithm })]
    const charge = chargeOf('client', limits)
    await one.guarded.consume(charge)
    await vi.advanceTimersByTimeAsync(10_000)
    await one.guarded.consume(charge)
    const refused = (await one.guarded.consume(charge)) as Decision
    expect(refused.allowed).toBe(false)
    await one.open()
    // Five deadlines went by.
    const leftMs = refused.retryAfterMs - 500
    expect(one.guarded.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: leftMs })
    await vi.advanceTimersByTimeAsync(leftMs - 1)
    expect(one.consumeHere(charge)).toMatchObject({ allowed: false, retryAfterMs: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(one.guarded.consume(charge)).toMatchObject({ allowed: true })
  })

  it('ban whom the store has banned, until its ban ends', async () => {
    const onNewBan = vi.fn()
    const one = Guarded.withFallback({ onNewBan })
    const charge = chargeOf('client', [limitOf(1)], 1, banRule(1, 60_000, 600_000))
    await one.guarded.consume(charge)
    expect(await one.guarded.consume(charge)).toMatchObject({ ban: { endsInMs: 600_000, isNew: true } })
    await one.open()
    expect(one.guarded.consume(charge)).toMatchObject({
      allowed: false,
      retryAfterMs: 599_500,
      ban: { endsInMs: 599_500, isNew: false },
    })
    expect(onNewBan).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(599_499)
    expect(one.consumeHere(charge)).toMatchObject({ ban: { endsInMs: 1, isNew: false } })
    await vi.advanceTimersByTimeAsync(1)
    expect(one.guarded.consume(charge)).toMatchObject({ allowed: true })
  })

  it('grant a share of what the store left, and of a limit', async () => {
    const one = Guarded.withFallback({ fallbackShare: 0.25 })
    const limits = [limitOf(100)]
    const granted = (key: string): number => {
      const answers = Array.from({ length: 40 }, () => one.guarded.consume(chargeOf(key, limits)))
      return answers.filter((answer) => (answer as Decision).allowed).length
    }
    for (let turn = 0; turn < 60; turn++) await one.guarded.consume(chargeOf('client', limits))
    await one.open()
    expect([granted('client'), granted('newcomer')]).toEqual([10, 25])
  })

  it('count for one failed call what they then count on from', async () => {
    const one = Guarded.withFallback()
    const charge = chargeOf('client', [limitOf(100)])
    for (let turn = 0; turn < 90; turn++) await one.guarded.consume(charge)
    one.faulty.fail({ kind: 'reject' })
    for (const left of [9, 8])
      expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: left }] })
    // The store has not counted these two, and decides as it knows; and so do they from then on.
    one.faulty.heal()
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 9 }] })
    one.faulty.fail({ kind: 'reject' })
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 8 }] })
  })

  it('give back what they granted, until the store has its say again', async () => {
    const one = Guarded.withFallback()
    const charge = chargeOf('client', [limitOf(100)])
    for (let turn = 0; turn < 50; turn++) await one.guarded.consume(charge)
    one.faulty.fail({ kind: 'reject' })
    const receipts: Receipt[] = []
    for (let turn = 0; turn < 3; turn++) receipts.push(receiptOf(await one.consume(charge)))
    const [first = {}, second = {}] = receipts
    one.guarded.refund(first)
    expect(await one.guarded.peek(charge)).toMatchObject({ limits: [{ remaining: 48 }] })
    one.faulty.heal()
    await one.consume(charge)
    one.guarded.refund(second)
    one.faulty.fail({ kind: 'reject' })
    expect(await one.guarded.peek(charge)).toMatchObject({ limits: [{ remaining: 49 }] })
    expect(one.memory.peek(charge)).toMatchObject({ limits: [{ remaining: 49 }] })
  })
})

describe('refusals that a distant store answers at once', () => {
  const [HOUR]: readonly Limit[] = [limitOf(1, { windowMs: 3_600_000 })]
  const limits = HOUR === undefined ? [] : [HOUR]

  /** A store behind a network, that remembers whom it has refused. */
  function remembering(isShared = true): {
    guarded: ResilientStore
    consume: Mock<Store['consume']>
    lines: string[]
  } {
    const refusal = (charge: Charge): Decision => ({
      allowed: false,
      retryAfterMs: 5000,
      limits: charge.limits.map(({ name, burst }) => ({ name, limit: burst, remaining: 0, resetMs: 5000 })),
    })
    const consume = vi.fn<Store['consume']>((charge) =>
      charge.key === 'refused' ? refusal(charge) : new Promise(() => undefined),
    )
    const lines: string[] = []
    const logger = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
    const capabilities = { algorithms: ALGORITHMS, severalLimits: true, bans: true, shared: isShared }
    const guarded = new ResilientStore(
      { capabilities, consume },
      { limiter: descriptionOf('api'), deadlineMs: 100, logger: logger as never },
    )
    return { guarded, consume, lines }
  }

  it('are no sign that it is there: five calls that hang between them open the circuit', async () => {
    const { guarded } = remembering()
    for (let turn = 0; turn < 5; turn++) {
      expect(guarded.consume(chargeOf('refused', limits))).toMatchObject({ allowed: false })
      const hanging = guarded.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
      expect(await hanging).toMatchObject({ code: 'store_timeout' })
    }
    expect(guarded.health.state).toBe('open')
  })

  it('are no sign that it is back, nor do they take the place of the call that finds out', async () => {
    const { guarded, consume, lines } = remembering()
    for (let turn = 0; turn < 5; turn++) {
      guarded.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(50)
    for (let turn = 0; turn < 5; turn++) {
      expect(guarded.consume(chargeOf('refused', limits))).toMatchObject({ allowed: false })
      expect(guarded.health.state).toBe('open')
    }
    consume.mockImplementationOnce(async () => admitted())
    expect(await guarded.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    expect(guarded.health.state).toBe('closed')
    expect(lines.length).toBe(2)
  })

  it('are answers like others where the store is of this process', async () => {
    const { guarded } = remembering(false)
    for (let turn = 0; turn < 5; turn++) {
      guarded.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(50)
    guarded.consume(chargeOf('refused', limits))
    expect(guarded.health.state).toBe('closed')
  })
})

describe('what was closed', () => {
  it('is a mistake of the program that stays one, however often it is made', async () => {
    const makeFallback = vi.fn(() => new MemoryStore())
    const memory = new MemoryStore()
    const guarded = new ResilientStore(memory, {
      limiter: descriptionOf('api'),
      deadlineMs: 100,
      createFallback: makeFallback,
    })
    memory.close()
    const warnings = await emittedBy(async () => {
      for (let turn = 0; turn < 20; turn++) {
        expect(thrownBy(() => guarded.consume(chargeOf('client'))).code).toBe('closed')
      }
      expect((await rejectionOf(guarded.block('client', 5000))).code).toBe('closed')
    })
    expect(makeFallback).not.toHaveBeenCalled()
    expect(warnings).toEqual([])
  })

  it.each([true, false])('fails no call that was on its way (with an answer: %s)', async (answers) => {
    const one = Guarded.withFallback()
    await one.guarded.consume(chargeOf('client'))
    one.faulty.fail(answers ? { kind: 'late', delayMs: 50 } : { kind: 'hang' })
    const answer = one.guarded.consume(chargeOf('client'))
    await one.guarded.closeFallback()
    await vi.advanceTimersByTimeAsync(100)
    if (answers) expect(await answer).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
    else expect(await answer).toMatchObject({ code: 'store_timeout', message: LATE })
  })
})

function receiptOf(answer: Decision | RateLimiterError): Receipt {
  if (answer instanceof RateLimiterError || answer.receipt === undefined) throw new Error('no receipt')
  return answer.receipt
}
