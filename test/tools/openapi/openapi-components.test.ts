import { afterEach, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import type { RateLimiterOptions } from '../../../src/options/rate-limiter-options.ts'
import { openApiComponents } from '../../../src/tools/openapi/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { documentError, documentOf } from './document-validity.ts'

const openLimiters: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(openLimiters.splice(0).map((limiter) => limiter.close()))
})

const createLimiter = (options: RateLimiterOptions): ReturnType<typeof createRateLimiter> => {
  const limiter = createRateLimiter(options)
  openLimiters.push(limiter)
  return limiter
}
const componentsOf = (options: RateLimiterOptions): ReturnType<typeof openApiComponents> =>
  openApiComponents(createLimiter(options))

describe('openApiComponents', () => {
  it('describes the refusal, its headers and the limits, in a valid document', async () => {
    const components = componentsOf({ read: 100, write: 20 })
    const limits = 'Reads: 100 requests in 60 seconds. Writes: 20 requests in 60 seconds.'
    expect(components.responses).toEqual({
      RateLimitExceeded: {
        description: `Too many requests from this client. ${limits}`,
        headers: {
          'Retry-After': { $ref: '#/components/headers/RetryAfter' },
          'X-RateLimit-Limit': { $ref: '#/components/headers/XRateLimitLimit' },
          'X-RateLimit-Remaining': { $ref: '#/components/headers/XRateLimitRemaining' },
          'X-RateLimit-Reset': { $ref: '#/components/headers/XRateLimitReset' },
        },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/RateLimitExceeded' } } },
      },
    })
    expect(components.headers.XRateLimitLimit).toEqual({
      description: `Units of the tightest limit. ${limits}`,
      schema: { type: 'integer', minimum: 0 },
    })
    expect(components.headers.RetryAfter).toMatchObject({ required: true })
    expect(components.schemas).toEqual({
      RateLimitExceeded: {
        type: 'object',
        required: ['error'],
        properties: { error: { type: 'string', const: 'rate_limit_exceeded' } },
      },
    })
    expect(await documentError(documentOf(components))).toBeUndefined()
  })

  it('begins the names of components with the name of the limiter, with a capital for each word', () => {
    const { responses, headers, schemas } = componentsOf({ name: 'api-keys v2' })
    expect(Object.keys(responses)).toEqual(['ApiKeysV2RateLimitExceeded'])
    expect(Object.keys(schemas)).toEqual(['ApiKeysV2RateLimitExceeded'])
    expect(Object.keys(headers)).toContain('ApiKeysV2RetryAfter')
  })

  it('lists the components of several limiters, each once', async () => {
    const [api, login] = [createLimiter({}), createLimiter({ name: 'login', statusCode: 403 })]
    const components = openApiComponents([api, login, api])
    expect(Object.keys(components.responses)).toEqual(['RateLimitExceeded', 'LoginRateLimitExceeded'])
    expect(await documentError(documentOf(components))).toBeUndefined()
  })

  it('describes a limiter with a unit: its refusal, its headers and its problem details', async () => {
    const components = componentsOf({
      limit: 500,
      unit: 'tokens',
      standardHeaders: true,
      problemDetails: true,
    })
    const limits = 'All requests: 500 tokens in 60 seconds.'
    expect(components.responses.RateLimitExceeded?.description).toBe(
      `Too many tokens for this client. ${limits}`,
    )
    expect(components.headers.RateLimitPolicy?.description).toBe(
      'A list of the limits by name, with their quota q in the unit qu (without qu in requests) and their window w ' +
        `in seconds. ${limits}`,
    )
    expect(components.schemas.RateLimitExceeded).toMatchObject({
      required: ['type', 'title', 'status', 'violated-policies', 'quota-unit'],
      properties: {
        title: { const: 'Too many tokens for this client' },
        'quota-unit': { type: 'string', const: 'tokens' },
      },
    })
    expect(await documentError(documentOf(components))).toBeUndefined()
  })

  it('describes the answer to a denied client and the answer while the store fails', async () => {
    const components = componentsOf({ denyList: ['192.0.2.1'], onStoreError: 'deny', standardHeaders: true })
    expect(components.responses.ClientDenied).toEqual({
      description: 'Requests from this address are not served.',
      headers: {},
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ClientDenied' } } },
    })
    // While the store fails, nothing is known about the state of the limits: only the policy is sent.
    expect(Object.keys(components.responses.RateLimiterUnavailable?.headers ?? {})).toEqual([
      'Retry-After',
      'RateLimit-Policy',
    ])
    expect(components.schemas).toMatchObject({
      ClientDenied: { properties: { error: { const: 'forbidden' } } },
      RateLimiterUnavailable: { properties: { error: { const: 'rate_limiter_unavailable' } } },
    })
    expect(await documentError(documentOf(components))).toBeUndefined()
  })

  it.each([
    ['draft-6', ['RateLimitPolicy', 'RateLimitLimit', 'RateLimitRemaining', 'RateLimitReset']],
    ['draft-7', ['RateLimitPolicy', 'RateLimit']],
    ['draft-8', ['RateLimitPolicy', 'RateLimit']],
    ['draft-11', ['RateLimitPolicy', 'RateLimit']],
  ] as const)('names the headers of %s', (standardHeaders, names) => {
    const { headers } = componentsOf({ standardHeaders, legacyHeaders: false })
    expect(Object.keys(headers)).toEqual(['RetryAfter', ...names])
  })

  it.each(['draft-6', 'draft-7', 'draft-8', 'draft-11'] as const)(
    'lists only the policy header of %s while the store fails',
    (standardHeaders) => {
      const { responses } = componentsOf({ standardHeaders, onStoreError: 'deny' })
      expect(Object.keys(responses.RateLimiterUnavailable?.headers ?? {})).toEqual([
        'Retry-After',
        'RateLimit-Policy',
      ])
    },
  )

  it('describes the format of the reset header', () => {
    const resetOf = (resetFormat: 'epoch' | 'delta'): string | undefined =>
      componentsOf({ name: resetFormat, resetFormat }).headers[
        resetFormat === 'epoch' ? 'EpochXRateLimitReset' : 'DeltaXRateLimitReset'
      ]?.description
    expect(resetOf('epoch')).toMatch(/^The second since the epoch /)
    expect(resetOf('delta')).toMatch(/^Seconds until /)
  })
})

describe('the schema of a refusal', () => {
  const schemaOf = (options: RateLimiterOptions): unknown => componentsOf(options).schemas.RateLimitExceeded
  const contentOf = (options: RateLimiterOptions): unknown =>
    componentsOf(options).responses.RateLimitExceeded?.content

  it('describes the option message as an object', () => {
    const message = { error: 'slow_down', retry: true, codes: [1, 'two'], more: { none: null, share: 0.5 } }
    expect(schemaOf({ message })).toEqual({
      type: 'object',
      required: ['error', 'retry', 'codes', 'more'],
      properties: {
        error: { type: 'string', const: 'slow_down' },
        retry: { type: 'boolean', const: true },
        codes: { type: 'array', const: [1, 'two'] },
        more: {
          type: 'object',
          required: ['none', 'share'],
          properties: { none: { type: 'null', const: null }, share: { type: 'number', const: 0.5 } },
        },
      },
    })
  })

  it('is a string where the message is a text', () => {
    expect(schemaOf({ message: 'Slow down' })).toEqual({ type: 'string', const: 'Slow down' })
    expect(contentOf({ message: 'Slow down' })).toHaveProperty('text/plain')
  })

  it('describes problem details with the names of the limits', () => {
    const read = [
      { limit: 1, windowSec: 1 },
      { limit: 9, windowSec: 60 },
    ]
    expect(schemaOf({ read, problemDetails: true, statusCode: 420 })).toMatchObject({
      required: ['type', 'title', 'status', 'violated-policies'],
      properties: {
        status: { type: 'integer', const: 420 },
        'violated-policies': {
          type: 'array',
          items: { type: 'string', enum: ['read-1s', 'read-1m', 'write'] },
        },
      },
    })
    expect(contentOf({ problemDetails: true })).toHaveProperty('application/problem+json')
  })

  it.each([
    ['message', { message: () => 'no' }],
    ['handler', { handler: () => undefined }],
  ])('allows any body where the option %s is a function', async (_name, options) => {
    expect(schemaOf(options)).toEqual({ description: 'A function of the server writes this body.' })
    expect(contentOf(options)).toHaveProperty('*/*')
    expect(await documentError(documentOf(componentsOf({ ...options, name: 'other' })))).toBeUndefined()
  })
})

describe('the limits in descriptions', () => {
  const textOf = (options: RateLimiterOptions): string | undefined =>
    componentsOf({ write: false, ...options }).headers.XRateLimitLimit?.description.slice(
      'Units of the tightest limit. '.length,
    )

  it.each<[RateLimiterOptions, string]>([
    [{ read: 1, windowSec: 1 }, 'Reads: 1 request in 1 second. Writes: no limit.'],
    [
      { read: () => 5 },
      'Reads: a number of requests in 60 seconds that depends on the request. Writes: no limit.',
    ],
    [
      {
        read: [
          { limit: 20, windowSec: 1 },
          { limit: 90, windowSec: 60, burst: 30, algorithm: 'token-bucket' as const },
        ],
      },
      'Reads: 20 requests in 1 second, and 90 requests in 60 seconds, at most 30 at once. Writes: no limit.',
    ],
    [
      { read: { limit: 10, per: 'month' as const, timeZone: 'Europe/Berlin', startsOn: 5 } },
      'Reads: 10 requests per month from day 5 (Europe/Berlin). Writes: no limit.',
    ],
    [
      { read: 10, cost: () => 2 },
      'Reads: 10 units in 60 seconds. Writes: no limit. A request can cost several units. ' +
        'The charge of a request can change when its true cost is known.',
    ],
    [
      { read: 10, cost: () => 2, settles: false },
      'Reads: 10 units in 60 seconds. Writes: no limit. A request can cost several units.',
    ],
    [
      { read: 1, settles: true },
      'Reads: 1 request in 60 seconds. Writes: no limit. The charge of a request can change when its true cost is known.',
    ],
    [
      { read: 1, unit: 'tokens', cost: () => 1, settles: false },
      'Reads: 1 tokens in 60 seconds. Writes: no limit. A request can cost several tokens.',
    ],
    [
      { read: () => 5, unit: 'rows' },
      'Reads: a number of rows in 60 seconds that depends on the request. Writes: no limit.',
    ],
    [
      { read: 10, mode: 'shadow' as const },
      'Reads: 10 requests in 60 seconds. Writes: no limit. No request is refused yet.',
    ],
  ])('for %o are: %s', (options, text) => {
    expect(textOf(options)).toBe(text)
  })
})

describe('openApiComponents for a limiter that does not refuse requests above a limit', () => {
  it('lists headers and no responses in shadow mode', () => {
    const { responses, schemas, headers } = componentsOf({ mode: 'shadow', denyList: ['192.0.2.1'] })
    expect([responses, schemas]).toEqual([{}, {}])
    expect(Object.keys(headers)).toEqual(['XRateLimitLimit', 'XRateLimitRemaining', 'XRateLimitReset'])
  })

  it('lists only the answer to a denied client where no class is limited', () => {
    const components = componentsOf({
      read: false,
      write: false,
      denyList: ['192.0.2.1'],
      onStoreError: 'deny',
    })
    expect(Object.keys(components.responses)).toEqual(['ClientDenied'])
    expect(components.headers).toEqual({})
  })
})

describe('openApiComponents throws an error', () => {
  it.each([[() => 1], [{}], [null], [undefined], ['limiter'], [[{ name: 'x' }]]])(
    'for %o, which is no limiter',
    (given) => {
      const error = thrownBy(() => openApiComponents(given as never))
      expect(error).toMatchObject({ code: 'invalid_option', option: 'limiter' })
      expect(error.message).toMatch(
        /^limiter: takes a limiter, got .+\. Give what createRateLimiter\(\) returned, or one of the limiters that auditRoutes\(app\) lists\.$/,
      )
    },
  )

  it('for two limiters whose components would have the same names', () => {
    const [one, other] = [createLimiter({ name: 'api-keys' }), createLimiter({ name: 'api keys' })]
    expect(thrownBy(() => openApiComponents([one, other])).message).toBe(
      "limiter: the limiters named 'api-keys' and 'api keys' would have components with the same names. " +
        'Give each limiter its own name. The names must differ in their letters or digits.',
    )
  })
})
