import { describe, expect, it } from 'vitest'
import { asError } from '../../src/errors/as-error.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('asError', () => {
  it.each([[new Error('down')], [{ status: 503 }]])('returns %o as it is', (thrown) => {
    expect(asError(thrown)).toBe(thrown)
  })

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['route', "'route'"],
    ['router', "'router'"],
    [0, '0'],
    [false, 'false'],
  ])('makes an error of %o, for which Express would not call an error handler', (thrown, shown) => {
    const error = thrownBy(() => {
      throw asError(thrown)
    })
    expect(error).toMatchObject({
      name: 'RateLimiterError',
      code: 'invalid_result',
      message: `a function among the options threw a value that is not an error, got ${shown}. Throw an Error.`,
    })
  })
})
