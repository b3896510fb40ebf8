import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/index.ts'
import { thrownBy } from '../support/thrown-by.ts'

type Method = (key: string) => unknown

describe('methods of other libraries', () => {
  const limiter = createRateLimiter()

  it.each([
    ['resetKey', 'express-rate-limit', 'Call limiter.reset(key).'],
    ['getKey', 'express-rate-limit', 'Call await limiter.peek(key).'],
    ['get', 'rate-limiter-flexible', 'Call await limiter.peek(key).'],
    ['delete', 'rate-limiter-flexible', 'Call limiter.reset(key).'],
    [
      'penalty',
      'rate-limiter-flexible',
      'Call await limiter.consume(key, { cost }), which takes all of the cost or nothing.',
    ],
    [
      'reward',
      'rate-limiter-flexible',
      'Call await limiter.refund(receipt), with the receipt that limiter.consume(key) answered.',
    ],
    ['set', 'rate-limiter-flexible', 'Call limiter.block(key, seconds) or limiter.reset(key).'],
  ])('%s: the error says what to call', (name, library, remedy) => {
    const method = (limiter as unknown as Record<string, Method>)[name]
    const error = thrownBy(() => method?.('client'))
    expect(error.code).toBe('unknown_method')
    expect(error.message).toBe(`limiter.${name}() is a method of ${library}. ${remedy}`)
  })

  it('are not among the properties of a limiter', () => {
    expect(Object.keys(limiter)).not.toContain('resetKey')
  })
})
