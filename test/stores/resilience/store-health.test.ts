import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { type Logger, StoreHealthMonitor } from '../../../src/stores/resilience/store-health.ts'
import { descriptionOf } from '../../support/description-of.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { failure } from './turned-circuit.ts'

const STARTED = new Date('2026-02-03T04:05:06.000Z')
const FAILED =
  "The store of the limiter 'api' failed to decide, and onStoreError is followed: failure 0. Look."
const BACK = "The store of the limiter 'api' decides again"

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(STARTED)
})
afterEach(() => void vi.useRealTimers())

/** Keeps the lines that it is given, with their level. */
class Lines implements Logger {
  readonly written: [string, string][] = []

  info(message: string): void {
    this.written.push(['info', message])
  }

  warn(message: string): void {
    this.written.push(['warn', message])
  }
}

function watched(logger?: Logger): StoreHealthMonitor {
  return new StoreHealthMonitor(descriptionOf('api'), logger)
}

/** Has calls fail, one after the other. */
function fail(watch: StoreHealthMonitor, times: number, error: RateLimiterError = failure()): void {
  for (let turn = 0; turn < times; turn++) watch.failed(watch.circuit.begin() ?? -1, error)
}

/** Has the pause go by, and one call find the store in order. */
function recover(watch: StoreHealthMonitor): void {
  vi.advanceTimersByTime(1000)
  watch.succeeded(watch.circuit.begin() ?? -1)
}

describe('the health of a store', () => {
  it('is good at first', () => {
    expect(watched().health).toEqual({
      state: 'closed',
      since: STARTED,
      lastError: undefined,
      lateReplies: 0,
    })
  })

  it('tells of the last failure from the first one on, and of the state when it changes', () => {
    const watch = watched(new Lines())
    vi.setSystemTime(STARTED.getTime() + 1000)
    fail(watch, 4, failure(4))
    expect(watch.health).toEqual({
      state: 'closed',
      since: STARTED,
      lastError: failure(4),
      lateReplies: 0,
    })
    const fifth = failure(5)
    fail(watch, 1, fifth)
    const openedAt = new Date(STARTED.getTime() + 1000)
    expect(watch.health).toMatchObject({ state: 'open', since: openedAt })
    expect(watch.health.lastError).toBe(fifth)
    vi.advanceTimersByTime(100)
    const probe = watch.circuit.begin() ?? -1
    expect(watch.health).toMatchObject({ state: 'half-open', since: new Date(openedAt.getTime() + 100) })
    vi.advanceTimersByTime(30)
    watch.succeeded(probe)
    expect(watch.health).toMatchObject({ state: 'closed', since: new Date(openedAt.getTime() + 130) })
    // Whenever it was.
    expect(watch.health.lastError).toBe(fifth)
    expect(watch.lastError).toBe(fifth)
  })

  it('does not change in the hands of whoever asked for it', () => {
    const watch = watched(new Lines())
    const { health } = watch
    watch.lateReplies++
    fail(watch, 5)
    expect(health).toMatchObject({ state: 'closed', lateReplies: 0, lastError: undefined })
    expect(watch.health).toMatchObject({ state: 'open', lateReplies: 1 })
  })

  it('tells of the last error where other calls than decisions opened the circuit', () => {
    const [watch, lines] = [watched(new Lines()), new Lines()]
    for (let turn = 0; turn < 5; turn++) watch.circuit.failed(watch.circuit.begin() ?? -1, failure())
    expect(watch.health).toMatchObject({ state: 'open', lastError: failure() })
    const logged = watched(lines)
    for (let turn = 0; turn < 5; turn++) logged.circuit.failed(logged.circuit.begin() ?? -1, failure())
    expect(lines.written).toEqual([['warn', FAILED]])
  })
})

describe('what an operator is told of a store', () => {
  it('is one line when it fails, and one when it is back, each time', () => {
    const lines = new Lines()
    const watch = watched(lines)
    const outage: [string, string][] = [
      ['warn', FAILED],
      ['info', BACK],
    ]
    for (const times of [1, 2, 3]) {
      fail(watch, 5)
      expect(watch.health.state).toBe('open')
      for (let probes = 0; probes < 10; probes++) {
        vi.advanceTimersByTime(1000)
        fail(watch, 1)
      }
      recover(watch)
      expect(watch.health.state).toBe('closed')
      expect(lines.written).toEqual(Array.from({ length: times }, () => outage).flat())
    }
  })

  it('is told at the first failure', () => {
    const lines = new Lines()
    const watch = watched(lines)
    fail(watch, 1)
    expect(lines.written).toEqual([['warn', FAILED]])
    fail(watch, 3)
    expect(lines.written.length).toBe(1)
  })

  it('is no line for each of many failures between successes', () => {
    const lines = new Lines()
    const watch = watched(lines)
    for (let turn = 0; turn < 1000; turn++) {
      fail(watch, 4)
      watch.succeeded(watch.circuit.begin() ?? -1)
    }
    expect(lines.written).toEqual([['warn', FAILED]])
  })

  it('is told of an outage even where a single failure was told of long ago', () => {
    const lines = new Lines()
    const watch = watched(lines)
    fail(watch, 1, failure(1))
    watch.succeeded(watch.circuit.begin() ?? -1)
    lines.written.length = 0
    fail(watch, 5)
    expect(lines.written).toEqual([['warn', FAILED]])
    recover(watch)
    expect(lines.written).toEqual([
      ['warn', FAILED],
      ['info', BACK],
    ])
  })

  it('is not that it is back where a call of before the outage succeeds', () => {
    const lines = new Lines()
    const watch = watched(lines)
    const early = watch.circuit.begin() ?? -1
    fail(watch, 5)
    watch.succeeded(early)
    vi.advanceTimersByTime(1000)
    fail(watch, 1)
    expect(lines.written).toEqual([['warn', FAILED]])
  })

  it('is nothing of a store that its owner has closed: that is thrown on', () => {
    const lines = new Lines()
    const watch = watched(lines)
    fail(watch, 5, new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' }))
    expect(watch.health).toMatchObject({ state: 'open', lastError: { code: 'closed' } })
    recover(watch)
    expect(watch.health.state).toBe('closed')
    expect(lines.written).toEqual([])
  })

  it('is two warnings of the process where there is no logger', async () => {
    const watch = watched()
    const warnings = await emittedBy(() => {
      fail(watch, 7)
      recover(watch)
    })
    expect(warnings).toEqual([
      { code: 'TOLLGATE_STORE_FAILED', message: FAILED },
      { code: 'TOLLGATE_STORE_RECOVERED', message: BACK },
    ])
  })

  it('is no warning of the process where there is a logger', async () => {
    const watch = watched(new Lines())
    const warnings = await emittedBy(() => {
      fail(watch, 5)
      recover(watch)
      watch.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', new Error('down'))
    })
    expect(warnings).toEqual([])
  })

  it('is said once of each kind of other failures', () => {
    const lines = new Lines()
    const watch = watched(lines)
    for (let turn = 0; turn < 3; turn++) {
      watch.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', new Error(`down ${turn}`))
      watch.warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', 'down')
    }
    expect(lines.written).toEqual([
      ['warn', "The store of the limiter 'api' failed to give a charge back: down 0"],
      ['warn', "The store of the limiter 'api' failed to ban a client: down"],
    ])
  })
})

describe('a logger', () => {
  it('is called as the method that it is', () => {
    const watch = watched(new Lines())
    expect(() => fail(watch, 1)).not.toThrow()
  })

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('that %s fails nothing: a warning of the process says both', async (_what, write) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const watch = watched({ info: write, warn: write })
      const warnings = await emittedBy(async () => {
        fail(watch, 5)
        recover(watch)
        await vi.advanceTimersByTimeAsync(0)
      })
      expect(warnings).toEqual([
        { code: 'TOLLGATE_STORE_FAILED', message: `${FAILED} (and the logger failed: disk full)` },
        { code: 'TOLLGATE_STORE_RECOVERED', message: `${BACK} (and the logger failed: disk full)` },
      ])
      vi.useRealTimers()
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
      expect(watch.health.state).toBe('closed')
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})
