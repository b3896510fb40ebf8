import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'

describe('FakeClock', () => {
  it('does not move by itself', () => {
    const clock = new FakeClock()
    expect(new Date(clock.now()).toISOString()).toBe('2023-11-14T22:13:20.000Z')
    expect(clock.now()).toBe(clock.now())
  })

  it('can be moved forwards and set to a time', () => {
    const clock = new FakeClock(1000)
    clock.advance(500)
    expect(clock.now()).toBe(1500)
    clock.advance(0)
    expect(clock.now()).toBe(1500)
    clock.set(7)
    expect(clock.now()).toBe(7)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '500', undefined, null, 5n])('takes no %s', (ms) => {
    const clock = new FakeClock(1000)
    const got = typeof ms === 'string' ? "'500'" : typeof ms === 'bigint' ? '5n' : String(ms)
    const rejected = (method: string): string =>
      `RateLimiterError: ${method}: takes milliseconds, got ${got}. Give a finite number, without quotes.`
    expect(String(thrownBy(() => clock.advance(ms as never)))).toBe(rejected('FakeClock.advance'))
    expect(String(thrownBy(() => clock.set(ms as never)))).toBe(rejected('FakeClock.set'))
    // Undefined is the default.
    if (ms !== undefined) {
      expect(String(thrownBy(() => new FakeClock(ms as never)))).toBe(rejected('FakeClock'))
    }
    expect(clock.now()).toBe(1000)
  })

  it('is set back by name only', () => {
    const clock = new FakeClock(1000)
    expect(String(thrownBy(() => clock.advance(-1)))).toBe(
      'RateLimiterError: FakeClock.advance: moves the clock forwards, got -1. To set it back, as operators and time servers do, call clock.set(clock.now() - ms).',
    )
    clock.set(clock.now() - 1)
    expect(clock.now()).toBe(999)
  })

  it('can be passed as a function', () => {
    const clock = new FakeClock(5)
    const { now } = clock
    clock.advance(1)
    expect(now()).toBe(6)
  })
})
