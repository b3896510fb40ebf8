import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { circuitOpen, messageOf, storeFailed, storeLate } from '../../../src/stores/resilience/store-error.ts'

const closed = new RateLimiterError({ code: 'closed', problem: 'it was closed', remedy: 'Look.' })

/** An error of another copy of this library: our name and fields, another class. */
function foreign(code: string): Error {
  return Object.assign(new Error('foreign'), { name: 'RateLimiterError', code })
}

describe('the error of a store that failed', () => {
  it('tells what the store threw, and keeps it', () => {
    const cause = new Error('ECONNREFUSED')
    const failed = storeFailed(cause)
    expect(failed).toBeInstanceOf(RateLimiterError)
    expect(failed).toMatchObject({ code: 'store_failed', remedy: 'Look at the store and its logs.' })
    expect(failed.message).toBe('the store failed: ECONNREFUSED. Look at the store and its logs.')
    expect(failed.cause).toBe(cause)
  })

  it.each([
    ['down', 'down'],
    [undefined, 'undefined'],
    [null, 'null'],
    [503, '503'],
    [{}, '[object Object]'],
    [Object.create(null), 'what it threw has no text'],
    [Symbol('down'), 'Symbol(down)'],
  ])('tells of %o, which is no error', (thrown, text) => {
    expect(storeFailed(thrown).message).toBe(`the store failed: ${text}. Look at the store and its logs.`)
  })

  it('is the very error where it is one of ours, whatever it says', () => {
    for (const error of [closed, storeLate(5), storeFailed('down')]) expect(storeFailed(error)).toBe(error)
  })

  it('is the very error of another copy that says that the store was closed, and tells of any other', () => {
    const ended = foreign('closed')
    expect(storeFailed(ended)).toBe(ended)
    const other = foreign('store_timeout')
    expect(storeFailed(other)).toBeInstanceOf(RateLimiterError)
    expect(storeFailed(other)).toMatchObject({ code: 'store_failed', cause: other })
  })
})

describe('the error of a store that was late', () => {
  it('tells the deadline, and what to do', () => {
    expect(storeLate(250)).toMatchObject({
      code: 'store_timeout',
      message:
        'the store did not answer within 250 ms. Look at the store and its network, or raise storeDeadlineMs.',
    })
  })
})

describe('the error of a store that is not asked', () => {
  const why = 'the store is not asked for a moment, since it failed again and again'

  it('tells how it failed last', () => {
    const last = storeFailed(new Error('ECONNREFUSED'))
    const avoided = circuitOpen(last)
    expect(avoided.code).toBe('store_failed')
    expect(avoided.message).toBe(`${why}: ECONNREFUSED. Look at the store and its logs.`)
    expect(avoided.cause).toBe(last)
  })

  it('tells the kind of a failure that nothing was thrown for', () => {
    expect(circuitOpen(storeLate(100)).message).toBe(`${why}: store_timeout. Look at the store and its logs.`)
  })

  it('tells no more where nothing is known', () => {
    expect(circuitOpen(undefined).message).toBe(`${why}. Look at the store and its logs.`)
  })

  it('is that of its closing where its owner has closed it', () => {
    expect(circuitOpen(closed)).toBe(closed)
  })
})

describe('what an error says', () => {
  it('is its message, or its text, or that it has none', () => {
    expect(messageOf(new TypeError('no'))).toBe('no')
    expect(messageOf('no')).toBe('no')
    const silent = {
      toString(): string {
        throw new Error('never')
      },
    }
    expect(messageOf(silent)).toBe('what it threw has no text')
    const strange = Object.defineProperty(new Error('no'), 'message', {
      get: () => {
        throw new Error('never')
      },
    })
    expect(messageOf(strange)).toBe('what it threw has no text')
  })
})
