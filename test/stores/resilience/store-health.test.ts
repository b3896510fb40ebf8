import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentedAt } from '../../../src/errors/documented-at.ts'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { type Logger, StoreHealthMonitor } from '../../../src/stores/resilience/store-health.ts'
import { emittedBy } from '../../support/emitted-warnings.ts'
import { limiterDescriptionOf } from '../../support/limiter-description.ts'
import { failure } from './circuit-on-test-clock.ts'

const STARTED = new Date('2026-02-03T04:05:06.000Z')
const FAILED = `The store of the limiter 'api' failed to decide, and onStoreError applies: failure 0. Look. ${documentedAt('store_failed')}`
const RECOVERED = "The store of the limiter 'api' decides again"

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(STARTED)
})
afterEach(() => void vi.useRealTimers())

/** Records messages with their level. */
class RecordingLogger implements Logger {
  readonly written: [string, string][] = []

  info(message: string): void {
    this.written.push(['info', message])
  }

  warn(message: string): void {
    this.written.push(['warn', message])
  }
}

function monitored(logger?: Logger): StoreHealthMonitor {
  return new StoreHealthMonitor(limiterDescriptionOf('api'), logger)
}

/** Makes several calls fail, one after the other. */
function fail(monitor: StoreHealthMonitor, times: number, error: RateLimiterError = failure()): void {
  for (let turn = 0; turn < times; turn++) monitor.decisionFailed(monitor.circuit.begin() ?? -1, error)
}

/** Waits for the end of the pause, and makes one call succeed. */
function recover(monitor: StoreHealthMonitor): void {
  vi.advanceTimersByTime(1000)
  monitor.succeeded(monitor.circuit.begin() ?? -1)
}

describe('the health of a store', () => {
  it('is closed and without failures at first', () => {
    expect(monitored().health).toEqual({
      state: 'closed',
      since: STARTED,
      lastError: undefined,
      lateReplies: 0,
    })
  })

  it('has the last failure, and the state since its last change', () => {
    const monitor = monitored(new RecordingLogger())
    vi.setSystemTime(STARTED.getTime() + 1000)
    fail(monitor, 4, failure(4))
    expect(monitor.health).toEqual({
      state: 'closed',
      since: STARTED,
      lastError: failure(4),
      lateReplies: 0,
    })
    const fifth = failure(5)
    fail(monitor, 1, fifth)
    const openedAt = new Date(STARTED.getTime() + 1000)
    expect(monitor.health).toMatchObject({ state: 'open', since: openedAt })
    expect(monitor.health.lastError).toBe(fifth)
    vi.advanceTimersByTime(100)
    const probe = monitor.circuit.begin() ?? -1
    expect(monitor.health).toMatchObject({ state: 'half-open', since: new Date(openedAt.getTime() + 100) })
    vi.advanceTimersByTime(30)
    monitor.succeeded(probe)
    expect(monitor.health).toMatchObject({ state: 'closed', since: new Date(openedAt.getTime() + 130) })
    // Also after a recovery.
    expect(monitor.health.lastError).toBe(fifth)
    expect(monitor.lastError).toBe(fifth)
  })

  it('does not change after it was returned', () => {
    const monitor = monitored(new RecordingLogger())
    const { health } = monitor
    monitor.lateReplies++
    fail(monitor, 5)
    expect(health).toMatchObject({ state: 'closed', lateReplies: 0, lastError: undefined })
    expect(monitor.health).toMatchObject({ state: 'open', lateReplies: 1 })
  })

  it('has the last error if writes opened the circuit', () => {
    const [monitor, logger] = [monitored(new RecordingLogger()), new RecordingLogger()]
    for (let turn = 0; turn < 5; turn++) monitor.circuit.failed(monitor.circuit.begin() ?? -1, failure())
    expect(monitor.health).toMatchObject({ state: 'open', lastError: failure() })
    const logged = monitored(logger)
    for (let turn = 0; turn < 5; turn++) logged.circuit.failed(logged.circuit.begin() ?? -1, failure())
    expect(logger.written).toEqual([['warn', FAILED]])
  })
})

describe('the messages for an operator', () => {
  it('are one when the store fails and one when it recovers, for each outage', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    const outage: [string, string][] = [
      ['warn', FAILED],
      ['info', RECOVERED],
    ]
    for (const times of [1, 2, 3]) {
      fail(monitor, 5)
      expect(monitor.health.state).toBe('open')
      for (let probes = 0; probes < 10; probes++) {
        vi.advanceTimersByTime(1000)
        fail(monitor, 1)
      }
      recover(monitor)
      expect(monitor.health.state).toBe('closed')
      expect(logger.written).toEqual(Array.from({ length: times }, () => outage).flat())
    }
  })

  it('are written at the first failure', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    fail(monitor, 1)
    expect(logger.written).toEqual([['warn', FAILED]])
    fail(monitor, 3)
    expect(logger.written.length).toBe(1)
  })

  it('are not repeated for many failures between successes', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    for (let turn = 0; turn < 1000; turn++) {
      fail(monitor, 4)
      monitor.succeeded(monitor.circuit.begin() ?? -1)
    }
    expect(logger.written).toEqual([['warn', FAILED]])
  })

  it('report an outage, also if a single failure was reported long before', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    fail(monitor, 1, failure(1))
    monitor.succeeded(monitor.circuit.begin() ?? -1)
    logger.written.length = 0
    fail(monitor, 5)
    expect(logger.written).toEqual([['warn', FAILED]])
    recover(monitor)
    expect(logger.written).toEqual([
      ['warn', FAILED],
      ['info', RECOVERED],
    ])
  })

  it('do not report a recovery if a call from before the outage succeeds', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    const early = monitor.circuit.begin() ?? -1
    fail(monitor, 5)
    monitor.succeeded(early)
    vi.advanceTimersByTime(1000)
    fail(monitor, 1)
    expect(logger.written).toEqual([['warn', FAILED]])
  })

  it('do not report that the application has closed the store: this error is thrown', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    fail(monitor, 5, new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' }))
    expect(monitor.health).toMatchObject({ state: 'open', lastError: { code: 'closed' } })
    recover(monitor)
    expect(monitor.health.state).toBe('closed')
    expect(logger.written).toEqual([])
  })

  it('are warnings of the process if there is no logger', async () => {
    const monitor = monitored()
    const warnings = await emittedBy(() => {
      fail(monitor, 7)
      recover(monitor)
    })
    expect(warnings).toEqual([
      { code: 'TOLLGATE_STORE_FAILED', message: FAILED },
      { code: 'TOLLGATE_STORE_RECOVERED', message: RECOVERED },
    ])
  })

  it('are no warnings of the process if there is a logger', async () => {
    const monitor = monitored(new RecordingLogger())
    const warnings = await emittedBy(() => {
      fail(monitor, 5)
      recover(monitor)
      monitor.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', new Error('down'))
    })
    expect(warnings).toEqual([])
  })

  it('are written once for each other code', () => {
    const logger = new RecordingLogger()
    const monitor = monitored(logger)
    for (let turn = 0; turn < 3; turn++) {
      monitor.warnOnce('TOLLGATE_REFUND_FAILED', 'to give a charge back', new Error(`down ${turn}`))
      monitor.warnOnce('TOLLGATE_BAN_FAILED', 'to ban a client', 'down')
    }
    expect(logger.written).toEqual([
      ['warn', "The store of the limiter 'api' failed to give a charge back: down 0"],
      ['warn', "The store of the limiter 'api' failed to ban a client: down"],
    ])
  })
})

describe('a logger', () => {
  it('is called with its object as this', () => {
    const monitor = monitored(new RecordingLogger())
    expect(() => fail(monitor, 1)).not.toThrow()
  })

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('that %s fails no request: a warning of the process has both messages', async (_what, write) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const monitor = monitored({ info: write, warn: write })
      const warnings = await emittedBy(async () => {
        fail(monitor, 5)
        recover(monitor)
        await vi.advanceTimersByTimeAsync(0)
      })
      expect(warnings).toEqual([
        { code: 'TOLLGATE_STORE_FAILED', message: `${FAILED} (and the logger failed: disk full)` },
        { code: 'TOLLGATE_STORE_RECOVERED', message: `${RECOVERED} (and the logger failed: disk full)` },
      ])
      vi.useRealTimers()
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
      expect(monitor.health.state).toBe('closed')
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})
