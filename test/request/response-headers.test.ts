import { describe, expect, it } from 'vitest'
import { RequestRecord } from '../../src/request/request-record.ts'
import { writeHeaders, writePolicies } from '../../src/request/response-headers.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { exchange } from './exchange.ts'
import { decisionWith, policyCharge, policyChargeOf, settings, shown } from './shown-decision.ts'

const { formats } = settings

describe('writeHeaders', () => {
  it('writes every header format', () => {
    const { res } = exchange()
    const record = new RequestRecord()
    writeHeaders(res, formats, record, shown(record, decisionWith(9)))
    expect({ ...res.getHeaders() }).toEqual({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '61',
      'ratelimit-policy': '"read";q=10;w=60',
      ratelimit: '"read";r=9;t=60',
    })
  })

  it.each([
    [9, 2],
    [2, 9],
  ])('shows the tighter of two limiters in single-valued fields, and both in lists: %d, %d', (one, other) => {
    const { res } = exchange()
    const record = new RequestRecord()
    for (const remaining of [one, other]) {
      writeHeaders(res, formats, record, shown(record, decisionWith(remaining)))
    }
    expect(res.getHeader('X-RateLimit-Remaining')).toBe('2')
    expect(res.getHeader('RateLimit')).toBe(`"read";r=${one};t=60, "read";r=${other};t=60`)
  })

  it.each([
    ['shadow', 'enforce'],
    ['enforce', 'shadow'],
  ] as const)(
    'shows the enforced limiter in single-valued fields, even if the other is tighter: %s, %s',
    (...modes) => {
      const { res } = exchange()
      const record = new RequestRecord()
      for (const mode of modes) {
        writeHeaders(
          res,
          formats,
          record,
          shown(record, decisionWith(mode === 'shadow' ? 0 : 9), { isEnforced: mode === 'enforce' }),
        )
      }
      expect(res.getHeader('X-RateLimit-Remaining')).toBe('9')
    },
  )

  it('writes shared fields in the dialect of the first limiter only, and other fields always', () => {
    const { res } = exchange()
    const record = new RequestRecord()
    const { formats: others } = settingsOf({ read: 10, standardHeaders: 'draft-7' })
    writeHeaders(res, formats, record, shown(record, decisionWith(9)))
    writeHeaders(res, others, record, shown(record, decisionWith(2)))
    writePolicies(res, others, record, policyCharge, 'requests', 0)
    expect({ ...res.getHeaders() }).toMatchObject({
      'x-ratelimit-remaining': '2',
      'ratelimit-policy': '"read";q=10;w=60',
      ratelimit: '"read";r=9;t=60',
    })
  })

  it('shows the capacity of a token bucket, and the time in which it fills', () => {
    const bucket = settingsOf({
      read: { limit: 10, windowSec: 60, algorithm: 'token-bucket', burst: 40 },
      standardHeaders: true,
    })
    const asked = policyChargeOf(bucket)
    const { res } = exchange()
    const record = new RequestRecord()
    const answer = new MemoryStore({ clock: { now: () => 0 } }).consume(asked.charge)
    writeHeaders(res, bucket.formats, record, shown(record, answer, { policyCharge: asked }))
    expect({ ...res.getHeaders() }).toEqual({
      'x-ratelimit-limit': '40',
      'x-ratelimit-remaining': '39',
      // 39 units come back in 234 s, a second after the epoch.
      'x-ratelimit-reset': '235',
      'ratelimit-policy': '"read";q=40;w=240',
      ratelimit: '"read";r=39;t=234',
    })
  })

  it('writes nothing after the response has ended', () => {
    const { res } = exchange()
    const record = new RequestRecord()
    res.end()
    writeHeaders(res, formats, record, shown(record, decisionWith(9)))
    writePolicies(res, formats, record, policyCharge, 'requests', 0)
    expect({ ...res.getHeaders() }).toEqual({})
  })
})

describe('writePolicies', () => {
  it('writes what the limits are, and not where they stand', () => {
    const { res } = exchange()
    writePolicies(res, formats, new RequestRecord(), policyCharge, 'requests', 0)
    expect({ ...res.getHeaders() }).toEqual({ 'ratelimit-policy': '"read";q=10;w=60' })
  })

  it('sets the dialect where it is the first to write', () => {
    const { res } = exchange()
    const record = new RequestRecord()
    const { formats: others } = settingsOf({ read: 10, legacyHeaders: false, standardHeaders: 'draft-6' })
    writePolicies(res, others, record, policyCharge, 'requests', 0)
    writeHeaders(res, formats, record, shown(record, decisionWith(9)))
    expect(res.getHeader('RateLimit-Policy')).toBe('10;w=60')
    expect(res.hasHeader('RateLimit')).toBe(false)
    expect(res.getHeader('X-RateLimit-Remaining')).toBe('9')
  })
})
