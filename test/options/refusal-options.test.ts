import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parse, rejects } from '../support/parse.ts'
import { rejectionOf } from '../support/thrown-by.ts'

const req = new IncomingMessage(new Socket())
const res = new ServerResponse(req)
const bodyOf = (options: object): unknown => parse(options).refusal.bodyFor(req, res, ['read'])

describe('the refusal', () => {
  it('is a JSON error of status 429, unless the options say otherwise', () => {
    expect(parse({}).refusal.statusCode).toBe(429)
    expect(bodyOf({})).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limit_exceeded"}',
    })
    expect(parse({}).refusal.unavailable).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limiter_unavailable"}',
    })
  })

  it('of a client on the denyList is a JSON error of its own, whatever the refusal is', () => {
    const forbidden = { contentType: 'application/json', text: '{"error":"forbidden"}' }
    for (const options of [{}, { message: 'Slow down' }, { handler: () => undefined }, { statusCode: 503 }]) {
      expect(parse(options).refusal.forbidden).toEqual(forbidden)
    }
  })

  it.each([
    ['Slow down', { contentType: 'text/plain; charset=utf-8', text: 'Slow down' }],
    ['', { contentType: 'text/plain; charset=utf-8', text: '' }],
    [{ error: 'slow' }, { contentType: 'application/json', text: '{"error":"slow"}' }],
    [['slow'], { contentType: 'application/json', text: '["slow"]' }],
  ])('takes the message %o', async (message, body) => {
    expect(bodyOf({ message })).toEqual(body)
    expect(await bodyOf({ message: () => message })).toEqual(body)
    expect(await bodyOf({ message: async () => message })).toEqual(body)
  })

  it('is problem details where these are wanted, and so are the 503 and the 403', () => {
    expect(bodyOf({ problemDetails: true, statusCode: 403 })).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Too many requests from this client","status":403,"violated-policies":["read"]}',
    })
    expect(parse({ problemDetails: true, statusCode: 403 }).refusal.unavailable.text).toBe(
      '{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","title":"The rate limiter cannot count requests at present","status":503}',
    )
    expect(parse({ problemDetails: true, statusCode: 503 }).refusal.forbidden).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"about:blank","title":"Forbidden","status":403}',
    })
  })

  const status = 'Give a number from 400 to 599, without quotes.'
  const message = "Give 'Slow down', or { error: 'slow_down' }, or a function that returns either."
  const circular: Record<string, unknown> = {}
  circular.itself = circular
  rejects('invalid_option', [
    [{ statusCode: 200 }, 'statusCode', `takes a whole number, got 200. ${status}`],
    [{ statusCode: 399 }, 'statusCode', `takes a whole number, got 399. ${status}`],
    [{ statusCode: 600 }, 'statusCode', `takes a whole number, got 600. ${status}`],
    [{ statusCode: '429' }, 'statusCode', `takes a whole number, got '429'. ${status}`],
    [{ statusCode: null }, 'statusCode', `takes a whole number, got null. ${status}`],
    [{ message: 5 }, 'message', `takes text, or an object to send as JSON, got 5. ${message}`],
    [{ message: null }, 'message', `takes text, or an object to send as JSON, got null. ${message}`],
    [{ message: circular }, 'message', `takes text, or an object to send as JSON, got an object. ${message}`],
    [
      { message: Promise.resolve('x') },
      'message',
      `takes text, or an object to send as JSON, got a Promise. ${message}`,
    ],
    [
      { handler: 'no' },
      'handler',
      "takes a function, got 'no'. Give (req, res, next, info) => void, or leave the option out.",
    ],
    [
      { problemDetails: 'rfc9457' },
      'problemDetails',
      "takes a boolean, got 'rfc9457'. Give true or false, without quotes.",
    ],
  ])

  const handler = (): void => undefined
  rejects('impossible_combination', [
    [
      { message: 'x', handler },
      'message and handler',
      'each answer a refusal, and only one can. Leave out handler, or message.',
    ],
    [
      { message: 'x', problemDetails: true },
      'message and problemDetails',
      'each answer a refusal, and only one can. Leave out problemDetails, or message.',
    ],
    [
      { handler, problemDetails: true },
      'handler and problemDetails',
      'each answer a refusal, and only one can. Leave out problemDetails, or handler.',
    ],
    [
      { message: 'x', handler, problemDetails: true },
      'message and handler and problemDetails',
      'each answer a refusal, and only one can. Leave out handler and problemDetails, or message.',
    ],
  ])
})

describe('the result of a message function', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [429, '429'],
    [() => 'x', 'a function'],
  ])('must be text or an object, not %o', async (result, shown) => {
    const error = await rejectionOf(bodyOf({ message: () => result }) as Promise<unknown>)
    expect(error.code).toBe('invalid_result')
    expect(error.message).toBe(
      `message: returned neither text nor an object to send as JSON, got ${shown}. Return 'Slow down', or { error: 'slow_down' }.`,
    )
  })

  it('is awaited where it throws, too', async () => {
    const message = (): never => {
      throw new TypeError('no text')
    }
    await expect(bodyOf({ message })).rejects.toThrow(new TypeError('no text'))
  })
})
