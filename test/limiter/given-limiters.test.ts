import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../src/index.ts'
import { givenLimiters } from '../../src/limiter/given-limiters.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('an argument that takes one limiter or several', () => {
  const [one, two] = [createRateLimiter({ name: 'one' }), createRateLimiter({ name: 'two' })]

  it('gives each limiter once, in the order given', () => {
    expect(givenLimiters(one)).toEqual([one])
    expect(givenLimiters([two, one, two])).toEqual([two, one])
  })

  it.each([
    [[], '[]'],
    [undefined, 'undefined'],
    [() => undefined, 'a function'],
    [[one, 'two'], '[null,"two"]'],
  ])('takes nothing else: %o', (given, shown) => {
    expect(thrownBy(() => givenLimiters(given as unknown as RateLimiter)).message).toBe(
      `limiters: takes one or more limiters, got ${shown}. Give a limiter that createRateLimiter() returned, or an array of at least one limiter.`,
    )
  })
})
