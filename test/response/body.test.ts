import { describe, expect, it } from 'vitest'
import {
  DEFAULT_FORBIDDEN,
  DEFAULT_REFUSAL,
  DEFAULT_UNAVAILABLE,
  jsonBody,
  textBody,
} from '../../src/response/body.ts'
import { forbidden, quotaExceeded, reducedCapacity } from '../../src/response/problem-details.ts'

describe('a body', () => {
  it('of a refusal is exactly this', () => {
    expect(DEFAULT_REFUSAL).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limit_exceeded"}',
    })
  })

  it('of a limiter that cannot count is exactly this', () => {
    expect(DEFAULT_UNAVAILABLE).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limiter_unavailable"}',
    })
  })

  it('of a client that is turned away is exactly this', () => {
    expect(DEFAULT_FORBIDDEN).toEqual({ contentType: 'application/json', text: '{"error":"forbidden"}' })
  })

  it('of an object is JSON', () => {
    expect(jsonBody({ error: 'slow_down', after: [1, null] })).toEqual({
      contentType: 'application/json',
      text: '{"error":"slow_down","after":[1,null]}',
    })
  })

  it('of text is text, however much it looks like HTML', () => {
    expect(textBody('<b>slow down</b>')).toEqual({
      contentType: 'text/plain; charset=utf-8',
      text: '<b>slow down</b>',
    })
  })
})

describe('problem details', () => {
  it('of a refusal have the registered type and name the limits that refused', () => {
    const { contentType, text } = quotaExceeded(429, ['burst', 'a"b'])
    expect(contentType).toBe('application/problem+json')
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Too many requests from this client',
      status: 429,
      'violated-policies': ['burst', 'a"b'],
    })
  })

  it('carry the status that is sent', () => {
    expect(JSON.parse(quotaExceeded(503, []).text)).toMatchObject({ status: 503, 'violated-policies': [] })
  })

  it('of a limiter that cannot count have the registered type and name no limit', () => {
    const { contentType, text } = reducedCapacity(503)
    expect(contentType).toBe('application/problem+json')
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      title: 'The rate limiter cannot count requests at present',
      status: 503,
    })
  })

  it('of a client that is turned away have no type, and the title of their status', () => {
    expect(forbidden(403)).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"about:blank","title":"Forbidden","status":403}',
    })
  })
})
