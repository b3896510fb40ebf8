import { describe, expect, it } from 'vitest'
import { forbidden, quotaExceeded, reducedCapacity } from '../../src/response/problem-details.ts'

describe('problem details', () => {
  it('of a refusal have the registered type and the names of the limits that refused it', () => {
    const { contentType, text } = quotaExceeded(429, ['burst', 'a"b'], 'requests')
    expect(contentType).toBe('application/problem+json')
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Too many requests from this client',
      status: 429,
      'violated-policies': ['burst', 'a"b'],
    })
  })

  it('have the status of the response', () => {
    expect(JSON.parse(quotaExceeded(503, [], 'requests').text)).toMatchObject({
      status: 503,
      'violated-policies': [],
    })
  })

  it('of a refusal by limits with another unit name it in the title and in a member', () => {
    expect(JSON.parse(quotaExceeded(429, ['llm'], 'content-bytes').text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Too many content-bytes for this client',
      status: 429,
      'violated-policies': ['llm'],
      'quota-unit': 'content-bytes',
    })
  })

  it('of the 503 have the registered type and no names of limits', () => {
    const { contentType, text } = reducedCapacity(503)
    expect(contentType).toBe('application/problem+json')
    expect(JSON.parse(text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      title: 'The rate limiter cannot count requests at present',
      status: 503,
    })
  })

  it('of the 403 have no type, and the title of the status', () => {
    expect(forbidden(403)).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"about:blank","title":"Forbidden","status":403}',
    })
  })
})
