import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import { openApiComponents, openApiHeaders, openApiResponses } from '../../../src/tools/openapi/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { documentError, documentOf } from './document-validity.ts'

const denyOptions = { denyList: ['192.0.2.1'], onStoreError: 'deny' } as const

describe('openApiResponses', () => {
  it('refers to the components of a limiter, by status', async () => {
    const limiter = createRateLimiter(denyOptions)
    const responses = openApiResponses(limiter)
    expect(responses).toEqual({
      403: { $ref: '#/components/responses/ClientDenied' },
      429: { $ref: '#/components/responses/RateLimitExceeded' },
      503: { $ref: '#/components/responses/RateLimiterUnavailable' },
    })
    expect(await documentError(documentOf(openApiComponents(limiter), { responses }))).toBeUndefined()
  })

  it('leaves out the answers that a class without limits does not get', () => {
    const limiter = createRateLimiter({ ...denyOptions, write: false })
    expect(Object.keys(openApiResponses(limiter, 'write'))).toEqual(['403'])
    expect(Object.keys(openApiResponses(limiter, 'read'))).toEqual(['403', '429', '503'])
  })

  it('merges the responses of several limiters with one status', async () => {
    const limiters = [
      createRateLimiter({ write: 20, standardHeaders: true }),
      createRateLimiter({ name: 'login', write: 5, message: 'Slow down' }),
      createRateLimiter({ name: 'card', write: 2 }),
    ]
    const responses = openApiResponses(limiters, 'write')
    expect(responses[429]).toMatchObject({
      description:
        'Too many requests from this client. Writes: 20 requests in 60 seconds. ' +
        'Too many requests from this client. Writes: 5 requests in 60 seconds. ' +
        'Too many requests from this client. Writes: 2 requests in 60 seconds.',
      headers: {
        'Retry-After': { $ref: '#/components/headers/RetryAfter' },
        'X-RateLimit-Limit': {
          description:
            'Units of the tightest limit. Writes: 20 requests in 60 seconds. ' +
            'Writes: 5 requests in 60 seconds. Writes: 2 requests in 60 seconds.',
        },
        RateLimit: { $ref: '#/components/headers/RateLimit' },
      },
      content: {
        'application/json': {
          schema: {
            anyOf: [
              { $ref: '#/components/schemas/RateLimitExceeded' },
              { $ref: '#/components/schemas/CardRateLimitExceeded' },
            ],
          },
        },
        'text/plain': { schema: { $ref: '#/components/schemas/LoginRateLimitExceeded' } },
      },
    })
    expect(await documentError(documentOf(openApiComponents(limiters), { responses }))).toBeUndefined()
  })

  it('merges a refusal and the answer while the store fails when they have one status', () => {
    const responses = openApiResponses(createRateLimiter({ ...denyOptions, statusCode: 503 }))
    expect(Object.keys(responses)).toEqual(['403', '503'])
    expect(responses[503]).toMatchObject({
      description: expect.stringMatching(/^Too many requests .* Requests cannot be counted at present\.$/),
      content: {
        'application/json': {
          schema: {
            anyOf: [
              { $ref: '#/components/schemas/RateLimitExceeded' },
              { $ref: '#/components/schemas/RateLimiterUnavailable' },
            ],
          },
        },
      },
    })
  })

  it('returns nothing for an empty list of limiters', () => {
    expect(openApiResponses([])).toEqual({})
    expect(openApiHeaders([])).toEqual({})
  })
})

describe('openApiHeaders', () => {
  it('refers to the headers of a limiter that limits the class', () => {
    const limiter = createRateLimiter({ write: false, legacyHeaders: false, standardHeaders: true })
    expect(openApiHeaders(limiter, 'read')).toEqual({
      'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
      RateLimit: { $ref: '#/components/headers/RateLimit' },
    })
    expect(openApiHeaders(limiter, 'write')).toEqual({})
  })

  it('throws an error for an unknown class', () => {
    const limiter = createRateLimiter()
    for (const call of [openApiHeaders, openApiResponses]) {
      expect(thrownBy(() => call(limiter, 'get' as never)).message).toBe(
        "requestClass: takes a class of requests, got 'get'. Give 'read' or 'write', or leave it out for both.",
      )
    }
  })
})

describe('documentError', () => {
  it.each([
    ['a response without a description', { responses: { 429: { headers: {} } } }],
    ['a reference to nothing', { responses: { 429: { $ref: '#/components/responses/Nothing' } } }],
    ['a header that is none', { responses: { 200: { description: 'Success.', headers: { A: 1 } } } }],
  ])('finds %s', async (_name, operation) => {
    const components = openApiComponents(createRateLimiter())
    expect(await documentError(documentOf(components, operation))).toBeDefined()
  })
})
