import { describe, expect, it, vi } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import {
  circuitOpenError,
  messageOf,
  storeFailedError,
  storeTimeoutError,
} from '../../../src/stores/resilience/store-error.ts'
import { withoutAddress } from '../../support/thrown-by.ts'

const closed = new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' })

describe('the error of a store that failed', () => {
  it('has the message of the thrown error, and has it as its cause', () => {
    const cause = new Error('ECONNREFUSED')
    const failed = storeFailedError(cause)
    expect(failed).toBeInstanceOf(RateLimiterError)
    expect(failed).toMatchObject({ code: 'store_failed', remedy: 'Look at the store and its logs.' })
    expect(withoutAddress(failed).message).toBe(
      'the store failed: ECONNREFUSED. Look at the store and its logs.',
    )
    expect(failed.cause).toBe(cause)
  })

  it.each([
    ['down', 'down'],
    [undefined, 'undefined'],
    [null, 'null'],
    [503, '503'],
    [{}, '[object Object]'],
    [Object.create(null), 'the thrown value has no text'],
    [Symbol('down'), 'Symbol(down)'],
  ])('has the text of %o, which is no error', (thrown, text) => {
    expect(withoutAddress(storeFailedError(thrown)).message).toBe(
      `the store failed: ${text}. Look at the store and its logs.`,
    )
  })

  it('is the same error if the store threw an error of this library', () => {
    for (const error of [closed, storeTimeoutError(5), storeFailedError('down')])
      expect(storeFailedError(error)).toBe(error)
  })

  it('is the same error if it is an error of another copy of this library', async () => {
    vi.resetModules()
    const other = await import('../../../src/stores/resilience/store-error.ts')
    const error = other.storeTimeoutError(5)
    expect(storeFailedError(error)).toBe(error)
  })
})

describe('the error of a store that did not answer in time', () => {
  it('names the deadline and the remedy', () => {
    expect(withoutAddress(storeTimeoutError(250))).toMatchObject({
      code: 'store_timeout',
      message:
        'the store did not answer within 250 ms. Look at the store and its network, or raise storeDeadlineMs.',
    })
  })
})

describe('the error of a call while the circuit breaker is open', () => {
  const problem = 'the circuit breaker is open, because the store failed several times in a row'

  it('names the last failure', () => {
    const last = storeFailedError(new Error('ECONNREFUSED'))
    const error = circuitOpenError(last)
    expect(error.code).toBe('store_failed')
    expect(withoutAddress(error).message).toBe(`${problem}: ECONNREFUSED. Look at the store and its logs.`)
    expect(error.cause).toBe(last)
  })

  it('names the code of a failure without a cause', () => {
    expect(withoutAddress(circuitOpenError(storeTimeoutError(100))).message).toBe(
      `${problem}: store_timeout. Look at the store and its logs.`,
    )
  })

  it('names no failure if none is known', () => {
    expect(withoutAddress(circuitOpenError(undefined)).message).toBe(
      `${problem}. Look at the store and its logs.`,
    )
  })

  it('is the last error if the application has closed the store', () => {
    expect(circuitOpenError(closed)).toBe(closed)
  })
})

describe('messageOf', () => {
  it('is the message of an error, the text of another value, or a text for a value without one', () => {
    expect(messageOf(new TypeError('no'))).toBe('no')
    expect(messageOf('no')).toBe('no')
    expect(messageOf(new RangeError(''))).toBe('RangeError')
    const withoutText = {
      toString(): string {
        throw new Error('never')
      },
    }
    expect(messageOf(withoutText)).toBe('the thrown value has no text')
    const withoutMessage = Object.defineProperty(new Error('no'), 'message', {
      get: () => {
        throw new Error('never')
      },
    })
    expect(messageOf(withoutMessage)).toBe('the thrown value has no text')
  })
})
