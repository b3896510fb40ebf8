import { createHook } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import { documentedAt } from '../../../src/errors/documented-at.ts'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../../src/limits/decision.ts'
import type { Limit } from '../../../src/limits/limit.ts'
import { isPromiseLike } from '../../../src/maybe-promise.ts'
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts'
import type { ResilienceSettings } from '../../../src/stores/resilience/resilience-settings.ts'
import { ResilientStore } from '../../../src/stores/resilience/resilient-store.ts'
import type { Charge, Store } from '../../../src/stores/store.ts'
import { type Fault, FaultyStore } from '../../../src/tools/testing/faulty-store.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { ALGORITHMS, allowedDecision, banRule, chargeOf, limitOf } from '../../support/charges.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { limiterDescriptionOf } from '../../support/limiter-description.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'

const LATE_TEXT =
  'the store did not answer within 100 ms. Look at the store and its network, or raise storeDeadlineMs.'
const LATE = `${LATE_TEXT} ${documentedAt('store_timeout')}`
const CIRCUIT_OPEN =
  'the circuit breaker is open, because the store failed several times in a row: store_timeout. ' +
  `Look at the store and its logs. ${documentedAt('store_failed')}`

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

/** A resilient store on an asynchronous store that can be made to fail. */
class Fixture {
  readonly memory = new MemoryStore()
  readonly faulty = new FaultyStore(asynchronous(this.memory))
  readonly fallback = new MemoryStore()
  readonly resilient: ResilientStore

  constructor(options: Partial<ResilienceSettings> = {}) {
    const basic = { limiter: limiterDescriptionOf('api'), deadlineMs: 100, logger: silent }
    this.resilient = new ResilientStore(this.faulty, { ...basic, ...options })
  }

  /** With a fallback in this process. */
  static withFallback(options: Partial<ResilienceSettings> = {}): Fixture {
    const one: Fixture = new Fixture({ createFallback: () => one.fallback, ...options })
    return one
  }

  get state(): string {
    return this.resilient.health.state
  }

  /** Consumes a charge. Sets the clock forward to the deadline if there is no answer before. */
  async consume(charge: Charge = chargeOf('client')): Promise<Decision | RateLimiterError> {
    let isWaiting = true
    const answer = Promise.resolve(this.resilient.consume(charge)).finally(() => {
      isWaiting = false
    })
    await vi.advanceTimersByTimeAsync(0)
    if (isWaiting) await vi.advanceTimersByTimeAsync(100)
    return answer
  }

  /** The decision of the fallback, while another call is the probe. */
  consumeDuringProbe(charge: Charge): unknown {
    this.resilient.consume(chargeOf('probe'))
    expect(this.state).toBe('half-open')
    return this.resilient.consume(charge)
  }

  /** Makes five calls fail, one after the other, which opens the circuit. */
  async open(fault: Fault = { kind: 'hang' }): Promise<void> {
    this.faulty.fail(fault)
    for (let turn = 0; turn < 5; turn++) await this.consume(chargeOf('failing client', [limitOf(1_000_000)]))
    expect(this.state).toBe('open')
  }
}

describe('a store that hangs', () => {
  it('gets five calls, and then no call, and requests are answered at once', async () => {
    const one = new Fixture()
    one.faulty.fail({ kind: 'hang' })
    for (let turn = 0; turn < 5; turn++) {
      expect(one.state).toBe('closed')
      expect(await one.consume()).toMatchObject({ code: 'store_timeout', message: LATE })
    }
    expect(one.resilient.health).toMatchObject({ state: 'open', lastError: { code: 'store_timeout' } })
    for (let turn = 0; turn < 100; turn++) {
      const answer = one.resilient[turn % 2 === 0 ? 'consume' : 'peek'](chargeOf('client'))
      expect(answer).toBeInstanceOf(RateLimiterError)
      expect(answer).toMatchObject({ code: 'store_failed', message: CIRCUIT_OPEN })
    }
    expect(one.faulty.calls).toBe(5)
  })

  it('delays requests that come together by one deadline, and later requests not at all', async () => {
    const one = new Fixture()
    one.faulty.fail({ kind: 'hang' })
    const answers = Array.from({ length: 50 }, () => one.resilient.consume(chargeOf('client')))
    await vi.advanceTimersByTimeAsync(100)
    for (const answer of answers) expect(await answer).toMatchObject({ code: 'store_timeout' })
    expect(one.state).toBe('open')
    one.resilient.consume(chargeOf('client'))
    expect(one.faulty.calls).toBe(50)
  })

  it('gets one probe after a pause, and the next probe after a longer pause', async () => {
    const one = new Fixture()
    await one.open()
    const openedMs = performance.now()
    const probedAfterMs: number[] = []
    const answers: unknown[] = []
    for (let turn = 0; turn < 300; turn++) {
      const calls = one.faulty.calls
      // Of three calls at a time, at most one is a probe.
      for (const _ of [1, 2, 3]) answers.push(one.resilient.consume(chargeOf('client')))
      expect(one.faulty.calls - calls).toBeLessThanOrEqual(1)
      if (one.faulty.calls > calls) probedAfterMs.push(performance.now() - openedMs)
      await vi.advanceTimersByTimeAsync(10)
    }
    // A probe takes 100 ms until its deadline. The pauses are 50, 100, 200, 400, 500, 500 and 500 ms.
    expect(probedAfterMs).toEqual([50, 250, 550, 1050, 1650, 2250, 2850])
    expect(answers.filter(isPromiseLike).length).toBe(probedAfterMs.length)
  })

  it('decides again as soon as a probe succeeds', async () => {
    const one = new Fixture()
    await one.open()
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(49)
    expect(one.resilient.consume(chargeOf('client'))).toMatchObject({ message: CIRCUIT_OPEN })
    await vi.advanceTimersByTimeAsync(1)
    const probe = one.resilient.consume(chargeOf('client'))
    expect(one.state).toBe('half-open')
    expect(one.resilient.consume(chargeOf('client'))).toMatchObject({ message: CIRCUIT_OPEN })
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
  ])('is not the only failure that opens the circuit: %o', async (fault) => {
    const one = new Fixture()
    await one.open(fault)
    expect(one.faulty.calls).toBe(5)
    for (let turn = 0; turn < 10; turn++) expect(await one.consume()).toBeInstanceOf(RateLimiterError)
    expect(one.faulty.calls).toBe(5)
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(50)
    expect(await one.consume()).toMatchObject({ allowed: true })
    expect(one.state).toBe('closed')
  })

  it('still gets calls if some of them succeed', async () => {
    const one = new Fixture()
    for (let turn = 0; turn < 10; turn++) {
      one.faulty.fail({ kind: 'reject' })
      for (const _ of [1, 2, 3, 4]) await one.consume()
      one.faulty.heal()
      await one.consume()
    }
    expect([one.state, one.faulty.calls]).toEqual(['closed', 50])
  })
})

describe('an open circuit', () => {
  /** How many promises `work` creates. */
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

  it('needs no promise and no timer, with a fallback and without', async () => {
    expect(promisesOf(() => void Promise.resolve(1).then())).toBeGreaterThan(0)
    for (const one of [new Fixture(), Fixture.withFallback()]) {
      await one.open()
      const timers = vi.getTimerCount()
      const made = promisesOf(() => {
        for (let turn = 0; turn < 1000; turn++) one.resilient.consume(chargeOf(`client ${turn % 10}`))
      })
      expect([made, vi.getTimerCount()]).toEqual([0, timers])
    }
  })

  it('leaves no timer and no old client after an outage of a quarter of an hour', async () => {
    const one = Fixture.withFallback()
    await one.open()
    const timers = vi.getTimerCount()
    for (let turn = 0; turn < 900; turn++) {
      for (let client = 0; client < 5; client++) one.resilient.consume(chargeOf(`client ${client}`))
      await vi.advanceTimersByTimeAsync(1000)
    }
    // One probe a second, of five calls. There is none in the first second, because of the first pause.
    expect(one.faulty.calls).toBe(5 + 899)
    expect(vi.getTimerCount()).toBe(timers)
    // The five clients of each second, and the failing client, if it has not expired.
    expect(one.fallback.size).toBeLessThanOrEqual(6)
  })
})

describe('answers after the deadline', () => {
  it('are counted and not used', async () => {
    const one = new Fixture()
    await one.open({ kind: 'late', delayMs: 300 })
    // After 500 ms, the answers of the first three calls have come, at 300, 400 and 500 ms.
    expect(one.resilient.health.lateReplies).toBe(3)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(one.resilient.health).toMatchObject({ state: 'open', lateReplies: 5 })
  })

  it('do not close a circuit that opened after their calls began', async () => {
    const one = new Fixture()
    one.faulty.fail({ kind: 'late', delayMs: 160 })
    const answers = Array.from({ length: 6 }, () => one.resilient.consume(chargeOf('client')))
    await vi.advanceTimersByTimeAsync(150)
    one.faulty.fail({ kind: 'hang' })
    one.resilient.consume(chargeOf('client'))
    expect(one.state).toBe('half-open')
    await vi.advanceTimersByTimeAsync(10)
    expect(one.resilient.health).toMatchObject({ state: 'half-open', lateReplies: 6 })
    for (const answer of answers) expect(await answer).toMatchObject({ code: 'store_timeout' })
  })

  it('are counted if they are rejections or invalid decisions', async () => {
    const replies: ((settle: { resolve: (value: never) => void; reject: (e: Error) => void }) => void)[] = [
      ({ reject }) => reject(new Error('gone')),
      ({ resolve }) => resolve('nonsense' as never),
    ]
    for (const reply of replies) {
      const resilient = new ResilientStore(
        { consume: () => new Promise((resolve, reject) => setTimeout(reply, 200, { resolve, reject })) },
        { limiter: limiterDescriptionOf('api'), deadlineMs: 100, logger: silent },
      )
      const answer = resilient.consume(chargeOf('client'))
      await vi.advanceTimersByTimeAsync(199)
      expect(await answer).toMatchObject({ code: 'store_timeout' })
      expect(resilient.health.lateReplies).toBe(0)
      await vi.advanceTimersByTimeAsync(1)
      expect(resilient.health.lateReplies).toBe(1)
    }
  })

  it('are not counted if a store rejects in time with the code store_timeout', async () => {
    const error = new RateLimiterError({ code: 'store_timeout', problem: 'it was late', remedy: 'Wait.' })
    const one = new Fixture()
    one.faulty.fail({ kind: 'reject', error })
    expect(await one.consume()).toBe(error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.resilient.health.lateReplies).toBe(0)
  })

  it('do not seed the fallback', async () => {
    const one = Fixture.withFallback()
    one.faulty.fail({ kind: 'late', delayMs: 300 })
    const charge = chargeOf('client', [limitOf(100)])
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 99 }] })
    one.faulty.fail({ kind: 'hang' })
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 98 }] })
    await vi.advanceTimersByTimeAsync(300)
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 97 }] })
    expect(one.resilient.health.lateReplies).toBe(1)
  })
})

describe('a failure that shows that the store works (threat 37)', () => {
  /** A store whose errors are answers, except those that say so. */
  class Answering extends Fixture {
    constructor(options: Partial<ResilienceSettings> = {}) {
      super(options)
      Object.assign(this.faulty, { isAlive: (error: Error) => error.message !== 'no answer' })
    }
  }
  const damaged: Fault = { kind: 'reject', error: new Error('the value of this key is damaged') }
  const lost: Fault = { kind: 'reject', error: new Error('no answer') }

  it('opens no circuit, and is logged once', async () => {
    const warn = vi.fn()
    const one = new Answering({ logger: { info: vi.fn(), warn } })
    one.faulty.fail(damaged)
    for (let turn = 0; turn < 20; turn++) expect(await one.consume()).toMatchObject({ code: 'store_failed' })
    for (let turn = 0; turn < 20; turn++) await rejectionOf(one.resilient.reset('client'))
    expect(one.state).toBe('closed')
    expect(one.resilient.health.lastError?.message).toContain('the value of this key is damaged')
    expect(warn).toHaveBeenCalledOnce()
    // A real outage is logged after it.
    one.faulty.fail(lost)
    for (let turn = 0; turn < 5; turn++) await one.consume()
    expect(one.state).toBe('open')
  })

  it('does not count among the failures in a row, and closes an open circuit', async () => {
    const one = new Answering()
    for (const fault of [lost, lost, lost, lost, damaged, lost, lost, lost, lost]) {
      one.faulty.fail(fault)
      await one.consume()
    }
    expect(one.state).toBe('closed')
    await one.consume()
    expect(one.state).toBe('open')
    one.faulty.fail(damaged)
    await vi.advanceTimersByTimeAsync(50)
    await one.consume()
    expect(one.state).toBe('closed')
  })
})

describe('a store that knows why it does not answer (threat 38)', () => {
  it('is asked for the message of a call that takes too long', async () => {
    const one = new Fixture()
    Object.assign(one.faulty, { problem: () => new Error('it is not connected') })
    one.faulty.fail({ kind: 'hang' })
    expect(await one.consume()).toMatchObject({
      code: 'store_timeout',
      message:
        'the store did not answer within 100 ms: it is not connected. ' +
        `Look at the store and its network, or raise storeDeadlineMs. ${documentedAt('store_timeout')}`,
    })
  })
})

describe('a charge that takes too long', () => {
  it('is abandoned, so that the store does not send it later', async () => {
    const one = new Fixture()
    const charge = chargeOf('client')
    await one.consume(charge)
    expect(charge.isAbandoned).toBeUndefined()
    one.faulty.fail({ kind: 'hang' })
    await one.consume(charge)
    expect(charge.isAbandoned).toBe(true)
  })
})

describe('the first calls of a store (threat 35)', () => {
  it('have a longer deadline until the store has answered, counted from the first one', async () => {
    const one = new Fixture({ connectDeadlineMs: 1000 })
    one.faulty.fail({ kind: 'late', delayMs: 950 })
    const first = one.resilient.consume(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(500)
    const second = one.resilient.consume(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(450)
    expect(await first).toMatchObject({ allowed: true })
    const third = one.resilient.consume(chargeOf('client'))
    await vi.advanceTimersByTimeAsync(100)
    expect(await second).toMatchObject({ code: 'store_timeout' })
    expect(await third).toMatchObject({ code: 'store_timeout' })
    expect(one.resilient.health.lastError?.message).toContain('within 100 ms')
  })
})

describe('writes while the circuit is open', () => {
  it('of an operator go to the store, and have no effect on the circuit', async () => {
    const one = Fixture.withFallback()
    await one.open()
    one.resilient.consume(chargeOf('client'))
    const writes: ((key: string) => Promise<void>)[] = [
      (key) => one.resilient.block(key, 5000),
      (key) => one.resilient.unblock(key),
      (key) => one.resilient.reset(key),
      () => one.resilient.resetAll(),
    ]
    const sizes: number[] = []
    for (const write of writes) {
      const rejected = rejectionOf(write('client'))
      await vi.advanceTimersByTimeAsync(100)
      expect(await rejected).toMatchObject({ code: 'store_timeout', message: LATE_TEXT })
      sizes.push(one.fallback.size)
      expect(one.state).toBe('open')
    }
    expect(one.faulty.calls).toBeGreaterThanOrEqual(5 + writes.length)
    // The failing client and the client, blocked and unblocked. Then without the client. Then none.
    expect(sizes).toEqual([2, 2, 1, 0])
  })

  it('of an operator resolve if the store works again', async () => {
    const one = Fixture.withFallback()
    await one.open()
    one.faulty.heal()
    await one.resilient.block('client', 5000)
    expect(one.memory.peek(chargeOf('client'))).toMatchObject({ allowed: false })
    await one.resilient.unblock('client')
    expect(one.memory.peek(chargeOf('client'))).toMatchObject({ allowed: true })
    expect(one.state).toBe('open')
  })

  it('drop refunds, and log one message', async () => {
    const warn = vi.fn()
    const one = new Fixture({ logger: { info: vi.fn(), warn } })
    const { receipt = {} } = (await one.consume()) as Decision
    await one.open()
    warn.mockClear()
    one.resilient.refund(receipt)
    one.resilient.refund(receipt)
    await vi.advanceTimersByTimeAsync(0)
    expect(warn.mock.calls).toEqual([
      [`The store of the limiter 'api' failed to give a charge back: ${CIRCUIT_OPEN}`],
    ])
    expect(one.faulty.calls).toBe(6)
    // No refund is kept for later.
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(1000)
    expect(one.faulty.calls).toBe(6)
  })

  it('can be the probe that closes the circuit', async () => {
    const one = new Fixture()
    await one.open()
    one.faulty.heal()
    await vi.advanceTimersByTimeAsync(50)
    await one.resilient.reset('client')
    expect(one.state).toBe('closed')
  })

  it('can be the probe that opens the circuit again', async () => {
    const one = new Fixture()
    await one.open()
    await vi.advanceTimersByTimeAsync(50)
    const rejected = rejectionOf(one.resilient.reset('client'))
    expect(one.state).toBe('half-open')
    await vi.advanceTimersByTimeAsync(100)
    expect((await rejected).message).toBe(LATE_TEXT)
    expect(one.state).toBe('open')
  })

  it('open the circuit as decisions do', async () => {
    const warn = vi.fn()
    const one = new Fixture({ logger: { info: vi.fn(), warn } })
    one.faulty.fail({ kind: 'reject' })
    for (let turn = 0; turn < 5; turn++) await rejectionOf(one.resilient.reset('client'))
    expect(one.state).toBe('open')
    expect(warn.mock.calls).toEqual([
      [
        "The store of the limiter 'api' failed to decide, and onStoreError applies: " +
          `the store failed: The store is down. Look at the store and its logs. ${documentedAt('store_failed')}`,
      ],
    ])
  })
})

describe('a fallback after an outage has started', () => {
  it.each(ALGORITHMS)('has 10 units left in a %s of 100 after 90 were used', async (algorithm) => {
    const one = Fixture.withFallback()
    const charge = chargeOf('client', [limitOf(100, { algorithm, windowMs: 3_600_000 })])
    for (let turn = 0; turn < 90; turn++) await one.resilient.consume(charge)
    await one.open()
    const answers = Array.from({ length: 12 }, () => one.resilient.consume(charge) as Decision)
    expect(answers.map(({ allowed }) => allowed)).toEqual([...Array(10).fill(true), false, false])
    // A client without a decision of the store has all units.
    expect(one.resilient.consume({ ...charge, key: 'other' })).toMatchObject({ limits: [{ remaining: 99 }] })
  })

  it.each(ALGORITHMS)(
    'refuses a client that a %s refused, until the time that the store answered',
    async (algorithm) => {
      const one = Fixture.withFallback()
      const limits = [limitOf(2, { algorithm })]
      const charge = chargeOf('client', limits)
      await one.resilient.consume(charge)
      await vi.advanceTimersByTimeAsync(10_000)
      await one.resilient.consume(charge)
      const refused = (await one.resilient.consume(charge)) as Decision
      expect(refused.allowed).toBe(false)
      await one.open()
      // Five deadlines have passed.
      const leftMs = refused.retryAfterMs - 500
      expect(one.resilient.consume(charge)).toMatchObject({ allowed: false, retryAfterMs: leftMs })
      await vi.advanceTimersByTimeAsync(leftMs - 1)
      expect(one.consumeDuringProbe(charge)).toMatchObject({ allowed: false, retryAfterMs: 1 })
      await vi.advanceTimersByTimeAsync(1)
      expect(one.resilient.consume(charge)).toMatchObject({ allowed: true })
    },
  )

  it('refuses a client that the store has banned, until the ban ends', async () => {
    const onNewBan = vi.fn()
    const one = Fixture.withFallback({ onNewBan })
    const charge = chargeOf('client', [limitOf(1)], 1, banRule(1, 60_000, 600_000))
    await one.resilient.consume(charge)
    expect(await one.resilient.consume(charge)).toMatchObject({ ban: { endsInMs: 600_000, isNew: true } })
    await one.open()
    expect(one.resilient.consume(charge)).toMatchObject({
      allowed: false,
      retryAfterMs: 599_500,
      ban: { endsInMs: 599_500, isNew: false },
    })
    expect(onNewBan).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(599_499)
    expect(one.consumeDuringProbe(charge)).toMatchObject({ ban: { endsInMs: 1, isNew: false } })
    await vi.advanceTimersByTimeAsync(1)
    expect(one.resilient.consume(charge)).toMatchObject({ allowed: true })
  })

  it('grants its share of the remaining units, and of the limit of a new client', async () => {
    const one = Fixture.withFallback({ fallbackShare: 0.25 })
    const limits = [limitOf(100)]
    const granted = (key: string): number => {
      const answers = Array.from({ length: 40 }, () => one.resilient.consume(chargeOf(key, limits)))
      return answers.filter((answer) => (answer as Decision).allowed).length
    }
    for (let turn = 0; turn < 60; turn++) await one.resilient.consume(chargeOf('client', limits))
    await one.open()
    expect([granted('client'), granted('new client')]).toEqual([10, 25])
  })

  it('counts during single failures, and continues from its last count', async () => {
    const one = Fixture.withFallback()
    const charge = chargeOf('client', [limitOf(100)])
    for (let turn = 0; turn < 90; turn++) await one.resilient.consume(charge)
    one.faulty.fail({ kind: 'reject' })
    for (const left of [9, 8])
      expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: left }] })
    // The store has not counted these two charges. The fallback continues from its decision.
    one.faulty.heal()
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 9 }] })
    one.faulty.fail({ kind: 'reject' })
    expect(await one.consume(charge)).toMatchObject({ limits: [{ remaining: 8 }] })
  })

  it('refunds its own charges until the next decision of the store', async () => {
    const one = Fixture.withFallback()
    const charge = chargeOf('client', [limitOf(100)])
    for (let turn = 0; turn < 50; turn++) await one.resilient.consume(charge)
    one.faulty.fail({ kind: 'reject' })
    const receipts: Receipt[] = []
    for (let turn = 0; turn < 3; turn++) receipts.push(receiptOf(await one.consume(charge)))
    const [first = {}, second = {}] = receipts
    one.resilient.refund(first)
    expect(await one.resilient.peek(charge)).toMatchObject({ limits: [{ remaining: 48 }] })
    one.faulty.heal()
    await one.consume(charge)
    one.resilient.refund(second)
    one.faulty.fail({ kind: 'reject' })
    expect(await one.resilient.peek(charge)).toMatchObject({ limits: [{ remaining: 49 }] })
    expect(one.memory.peek(charge)).toMatchObject({ limits: [{ remaining: 49 }] })
  })
})

describe('refusals that a shared store answers at once', () => {
  const [HOUR]: readonly Limit[] = [limitOf(1, { windowMs: 3_600_000 })]
  const limits = HOUR === undefined ? [] : [HOUR]

  /** A store that answers one client at once, from a remembered refusal, and no other client. */
  function withRememberedRefusal(isShared = true): {
    resilient: ResilientStore
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
    const resilient = new ResilientStore(
      { capabilities, consume },
      { limiter: limiterDescriptionOf('api'), deadlineMs: 100, logger: logger as never },
    )
    return { resilient, consume, lines }
  }

  it('are no successes: five calls without an answer between them open the circuit', async () => {
    const { resilient } = withRememberedRefusal()
    for (let turn = 0; turn < 5; turn++) {
      expect(resilient.consume(chargeOf('refused', limits))).toMatchObject({ allowed: false })
      const hanging = resilient.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
      expect(await hanging).toMatchObject({ code: 'store_timeout' })
    }
    expect(resilient.health.state).toBe('open')
  })

  it('do not close the circuit, and do not count as the probe', async () => {
    const { resilient, consume, lines } = withRememberedRefusal()
    for (let turn = 0; turn < 5; turn++) {
      resilient.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(50)
    for (let turn = 0; turn < 5; turn++) {
      expect(resilient.consume(chargeOf('refused', limits))).toMatchObject({ allowed: false })
      expect(resilient.health.state).toBe('open')
    }
    consume.mockImplementationOnce(async () => allowedDecision())
    expect(await resilient.consume(chargeOf('client'))).toMatchObject({ allowed: true })
    expect(resilient.health.state).toBe('closed')
    expect(lines.length).toBe(2)
  })

  it('are successes if the store is not shared', async () => {
    const { resilient } = withRememberedRefusal(false)
    for (let turn = 0; turn < 5; turn++) {
      resilient.consume(chargeOf('client', limits))
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(50)
    resilient.consume(chargeOf('refused', limits))
    expect(resilient.health.state).toBe('closed')
  })
})

describe('a store or fallback that was closed', () => {
  it('throws the error closed each time, without a warning', async () => {
    const createFallback = vi.fn(() => new MemoryStore())
    const memory = new MemoryStore()
    const resilient = new ResilientStore(memory, {
      limiter: limiterDescriptionOf('api'),
      deadlineMs: 100,
      createFallback,
    })
    memory.close()
    const warnings = await emittedBy(async () => {
      for (let turn = 0; turn < 20; turn++) {
        expect(thrownBy(() => resilient.consume(chargeOf('client'))).code).toBe('closed')
      }
      expect((await rejectionOf(resilient.block('client', 5000))).code).toBe('closed')
    })
    expect(createFallback).not.toHaveBeenCalled()
    expect(warnings).toEqual([])
  })

  it.each([true, false])('does not affect a call that has begun (with an answer: %s)', async (answers) => {
    const one = Fixture.withFallback()
    await one.resilient.consume(chargeOf('client'))
    one.faulty.fail(answers ? { kind: 'late', delayMs: 50 } : { kind: 'hang' })
    const answer = one.resilient.consume(chargeOf('client'))
    await one.resilient.closeFallback()
    await vi.advanceTimersByTimeAsync(100)
    if (answers) expect(await answer).toMatchObject({ allowed: true, limits: [{ remaining: 1 }] })
    else expect(await answer).toMatchObject({ code: 'store_timeout', message: LATE })
  })
})

function receiptOf(answer: Decision | RateLimiterError): Receipt {
  if (answer instanceof RateLimiterError || answer.receipt === undefined) throw new Error('no receipt')
  return answer.receipt
}
