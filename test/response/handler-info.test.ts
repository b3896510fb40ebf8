import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { infoForHandler } from '../../src/response/handler-info.ts'
import type { RateLimitInfo } from '../../src/response/rate-limit-info.ts'
import { thrownBy } from '../support/thrown-by.ts'

const info: RateLimitInfo = {
  ...{
    unit: 'requests',
    limit: 5,
    used: 5,
    remaining: 0,
    resetTime: new Date(60_000),
    key: 'a',
    class: 'read',
    plan: undefined,
  },
  ...{ allowed: false, banned: false, retryAfterMs: 60_000, limits: [] },
}

describe('the info of a handler', () => {
  it('is the info of the request, and shows, copies and compares as before', () => {
    const copy = { ...info }
    expect(infoForHandler(info)).toBe(info)
    expect(info).toStrictEqual(copy)
    expect({ ...info }).toStrictEqual(copy)
    expect(inspect(info)).toBe(inspect(copy))
    expect(JSON.stringify(info)).toBe(JSON.stringify(copy))
  })

  it('can be prepared twice', () => {
    expect(infoForHandler(infoForHandler(info))).toBe(info)
  })

  it.each([
    ['statusCode', 'Leave res.status() out: the status of the response is set already.'],
    ['windowMs', 'Read info.retryAfterMs, in milliseconds.'],
    ['message', 'Write the body in the handler, such as res.json({ error: ... }).'],
  ])('says what to write instead of the option %s of express-rate-limit', (name, remedy) => {
    const given = infoForHandler(info) as unknown as Record<string, unknown>
    expect(thrownBy(() => given[name]).message).toBe(
      `info.${name}: is an option of express-rate-limit, and the fourth parameter of a handler has no options here. ${remedy}`,
    )
  })
})
