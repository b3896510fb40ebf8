import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { describeSettings } from '../../src/limiter/describe-settings.ts'
import { describeLimiter, LIMITER_DESCRIPTION } from '../../src/limits/limiter-description.ts'
import { settingsOf } from '../support/parsed-settings.ts'

describe('the description of a limiter', () => {
  it('names the limits as the options do', () => {
    expect(describeSettings(settingsOf({}))).toEqual({
      name: 'default',
      mode: 'enforce',
      read: [{ name: 'read', limit: 1000, windowSec: 60, algorithm: 'fixed-window' }],
      plans: [],
      write: [{ name: 'write', limit: 200, windowSec: 60, algorithm: 'fixed-window' }],
      preflight: [{ name: 'preflight', limit: 1000, windowSec: 60, algorithm: 'fixed-window' }],
      classifiedBy: 'method',
      canSkip: false,
      hasCosts: false,
      settles: false,
      headers: ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'].map((name) => ({
        name,
        meaning: expect.stringMatching(/^[A-Z].*\.$/),
        type: 'integer',
        shows: 'state',
      })),
      refusal: {
        status: 429,
        body: { contentType: 'application/json', text: '{"error":"rate_limit_exceeded"}' },
      },
    })
  })

  it('names the calendar of a calendar window', () => {
    const limit = { limit: 5, per: 'month', timeZone: 'Europe/Berlin', startsOn: 5 }
    expect(describeSettings(settingsOf({ limit })).read).toEqual([
      {
        allMethods: true,
        name: 'any',
        limit: 5,
        windowSec: (31 * 24 + 3) * 3600,
        algorithm: 'calendar-window',
        calendar: { per: 'month', timeZone: 'Europe/Berlin', startsOn: 5 },
      },
    ])
  })

  it('names what differs from the defaults', () => {
    const settings = settingsOf({
      name: 'api',
      mode: 'shadow',
      read: false,
      write: () => 5,
      windowSec: 0.25,
      classify: () => 'write',
      skip: () => false,
      cost: () => 2,
      legacyHeaders: false,
      statusCode: 420,
      handler: () => undefined,
      denyList: ['192.0.2.1'],
      onStoreError: 'deny',
    })
    expect(describeSettings(settings)).toEqual({
      name: 'api',
      mode: 'shadow',
      read: false,
      plans: [],
      write: [{ name: 'api-write', limit: 'dynamic', windowSec: 0.25, algorithm: 'fixed-window' }],
      preflight: [{ name: 'api-preflight', limit: 1000, windowSec: 0.25, algorithm: 'fixed-window' }],
      classifiedBy: 'function',
      canSkip: true,
      hasCosts: true,
      settles: true,
      headers: [],
      refusal: { status: 420, body: 'dynamic' },
      denial: { status: 403, body: { contentType: 'application/json', text: '{"error":"forbidden"}' } },
      unavailable: {
        status: 503,
        body: { contentType: 'application/json', text: '{"error":"rate_limiter_unavailable"}' },
      },
    })
  })

  it('names each of several limits, with its algorithm', () => {
    const read = [
      { limit: 100, windowSec: 3600, algorithm: 'sliding-window' },
      { limit: 10, windowSec: 1, algorithm: 'token-bucket', burst: 50 },
    ]
    expect(describeSettings(settingsOf({ read })).read).toEqual([
      { name: 'read-1h', limit: 100, windowSec: 3600, algorithm: 'sliding-window' },
      { name: 'read-1s', limit: 10, windowSec: 1, algorithm: 'token-bucket', burst: 50 },
    ])
  })

  it('names what the limits count, except those of preflights, which count requests', () => {
    const { read, write, preflight, unit, headers } = describeSettings(
      settingsOf({ read: 10, write: false, unit: 'tokens', legacyHeaders: false, standardHeaders: true }),
    )
    const limit = { limit: 10, windowSec: 60, algorithm: 'fixed-window' }
    expect({ read, write, preflight, unit }).toEqual({
      read: [{ name: 'read', unit: 'tokens', ...limit }],
      write: false,
      preflight: [{ name: 'preflight', ...limit, limit: 1000 }],
      unit: 'tokens',
    })
    expect(headers[0]?.meaning).toContain('in the unit qu')
  })

  it('is plain data that can be sent as JSON', () => {
    const settings = settingsOf({ problemDetails: true, standardHeaders: true, denyList: ['192.0.2.1'] })
    const description = describeSettings(settings)
    expect(JSON.parse(JSON.stringify(description))).toEqual(description)
    expect(description.refusal.body).toMatchObject({
      contentType: 'application/problem+json',
      text: expect.stringContaining('"violated-policies":["read","write"]'),
    })
  })

  it('is a property of the limiter, under a symbol that other copies of the library know', () => {
    expect(LIMITER_DESCRIPTION).toBe(Symbol.for('express-tollgate.limiter'))
    expect(describeLimiter(createRateLimiter({ name: 'api' }))).toMatchObject({ name: 'api' })
  })

  it.each([[() => 1], [undefined], [null], ['limiter'], [{ [LIMITER_DESCRIPTION]: {} }]])(
    'is nothing that %o has',
    (candidate) => {
      expect(describeLimiter(candidate)).toBeUndefined()
    },
  )
})
