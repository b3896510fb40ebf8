import { describe, expect, it } from 'vitest'
import { asError } from '../../src/errors/as-error.ts'

describe('asError', () => {
  it.each([[new Error('down')], [{ status: 503 }]])('leaves %o as it is', (thrown) => {
    expect(asError(thrown)).toBe(thrown)
  })

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['route', "'route'"],
    ['router', "'router'"],
    [0, '0'],
    [false, 'false'],
  ])('makes an error of %o, with which Express would let the request pass', (thrown, shown) => {
    expect(asError(thrown)).toMatchObject({
      name: 'RateLimiterError',
      code: 'invalid_result',
      message: `a function of the options threw what is no error, got ${shown}. Throw an Error.`,
    })
  })
})
