import { mock } from 'node:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { monotonicClock } from '../../src/stores/monotonic-clock.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  mock.timers.reset()
})

describe('the monotonic clock', () => {
  it('is the clock of performance', () => {
    const beforeMs = performance.now()
    const nowMs = monotonicClock.now()
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs)
    expect(nowMs).toBeLessThanOrEqual(performance.now())
  })

  it('does not follow the wall clock', () => {
    vi.spyOn(Date, 'now').mockReturnValue(-1)
    expect(monotonicClock.now()).toBeGreaterThan(0)
  })

  type Faked = NonNullable<NonNullable<Parameters<typeof vi.useFakeTimers>[0]>['toFake']>
  it.each<[string, Faked | undefined]>([
    ['everything', undefined],
    ['Date and performance', ['Date', 'performance']],
    ['setTimeout and performance', ['setTimeout', 'performance']],
  ])('is turned by fake timers that replace %s, and runs on after them', (_, toFake) => {
    vi.useFakeTimers(toFake === undefined ? {} : { toFake })
    const fakeMs = monotonicClock.now()
    vi.advanceTimersByTime(86_400_000)
    expect(monotonicClock.now() - fakeMs).toBe(86_400_000)
    vi.useRealTimers()
    const realMs = performance.now()
    expect(monotonicClock.now()).toBeGreaterThanOrEqual(realMs)
    expect(monotonicClock.now()).toBeLessThanOrEqual(performance.now())
  })

  it.each<[string, Faked]>([
    ['setTimeout alone', ['setTimeout', 'clearTimeout']],
    ['Date alone', ['Date']],
  ])('is not turned by fake timers that replace %s', (_, toFake) => {
    vi.useFakeTimers({ toFake })
    const beforeMs = monotonicClock.now()
    vi.advanceTimersByTime(86_400_000)
    expect(monotonicClock.now() - beforeMs).toBeLessThan(86_400_000)
  })

  it('is not turned by the mock timers of node:test, which have no performance', () => {
    mock.timers.enable()
    const beforeMs = monotonicClock.now()
    mock.timers.tick(86_400_000)
    expect(monotonicClock.now() - beforeMs).toBeLessThan(86_400_000)
  })
})
