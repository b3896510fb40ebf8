import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../src/tools/testing/index.ts'

describe('FakeClock', () => {
  it('does not move by itself', () => {
    const clock = new FakeClock()
    expect(new Date(clock.now()).toISOString()).toBe('2023-11-14T22:13:20.000Z')
    expect(clock.now()).toBe(clock.now())
  })

  it('can be moved forwards, moved backwards, and set to a time', () => {
    const clock = new FakeClock(1000)
    clock.advance(500)
    expect(clock.now()).toBe(1500)
    clock.advance(-1500)
    expect(clock.now()).toBe(0)
    clock.set(7)
    expect(clock.now()).toBe(7)
  })

  it('can be passed as a function', () => {
    const clock = new FakeClock(5)
    const { now } = clock
    clock.advance(1)
    expect(now()).toBe(6)
  })
})
