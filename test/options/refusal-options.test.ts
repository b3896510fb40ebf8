import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'
import { rejectionOf } from '../support/thrown-by.ts'

const req = new IncomingMessage(new Socket())
const res = new ServerResponse(req)
const bodyOf = (options: object): unknown =>
  settingsOf(options).refusal.bodyFor(req, res, { violated: () => ['read'], unit: 'requests' })

describe('a refusal', () => {
  it('is a JSON error with status 429 by default', () => {
    expect(settingsOf({}).refusal.statusCode).toBe(429)
    expect(bodyOf({})).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limit_exceeded"}',
    })
    expect(settingsOf({}).refusal.unavailableBody).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limiter_unavailable"}',
    })
  })

  it('of a client on the denyList has the same JSON error with all other options', () => {
    const forbidden = { contentType: 'application/json', text: '{"error":"forbidden"}' }
    for (const options of [{}, { message: 'Slow down' }, { handler: () => undefined }, { statusCode: 503 }]) {
      expect(settingsOf(options).refusal.forbiddenBody).toEqual(forbidden)
    }
  })

  it.each([
    ['Slow down', { contentType: 'text/plain; charset=utf-8', text: 'Slow down' }],
    ['', { contentType: 'text/plain; charset=utf-8', text: '' }],
    [{ error: 'slow' }, { contentType: 'application/json', text: '{"error":"slow"}' }],
    [['slow'], { contentType: 'application/json', text: '["slow"]' }],
  ])('has the message %o', async (message, body) => {
    expect(bodyOf({ message })).toEqual(body)
    expect(await bodyOf({ message: () => message })).toEqual(body)
    expect(await bodyOf({ message: async () => message })).toEqual(body)
  })

  it('is problem details with problemDetails, and so are the 503 and the 403', () => {
    expect(bodyOf({ problemDetails: true, statusCode: 403 })).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Too many requests from this client","status":403,"violated-policies":["read"]}',
    })
    expect(settingsOf({ problemDetails: true, statusCode: 403 }).refusal.unavailableBody.text).toBe(
      '{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","title":"The rate limiter cannot count requests at present","status":503}',
    )
    expect(settingsOf({ problemDetails: true, statusCode: 503 }).refusal.forbiddenBody).toEqual({
      contentType: 'application/problem+json',
      text: '{"type":"about:blank","title":"Forbidden","status":403}',
    })
  })

  const statusRemedy = 'Give a number from 400 to 599, without quotes.'
  const messageRemedy = "Give 'Slow down', or { error: 'slow_down' }, or a function that returns either."
  const circular: Record<string, unknown> = {}
  circular.itself = circular
  testRejections('invalid_option', [
    [{ statusCode: 200 }, 'statusCode', `takes a whole number, got 200. ${statusRemedy}`],
    [{ statusCode: 399 }, 'statusCode', `takes a whole number, got 399. ${statusRemedy}`],
    [{ statusCode: 600 }, 'statusCode', `takes a whole number, got 600. ${statusRemedy}`],
    [{ statusCode: '429' }, 'statusCode', `takes a whole number, got '429'. ${statusRemedy}`],
    [{ statusCode: null }, 'statusCode', `takes a whole number, got null. ${statusRemedy}`],
    [{ message: 5 }, 'message', `takes text, or an object to send as JSON, got 5. ${messageRemedy}`],
    [{ message: null }, 'message', `takes text, or an object to send as JSON, got null. ${messageRemedy}`],
    [
      { message: circular },
      'message',
      `takes text, or an object to send as JSON, got an object. ${messageRemedy}`,
    ],
    [
      { message: Promise.resolve('x') },
      'message',
      `takes text, or an object to send as JSON, got a Promise. ${messageRemedy}`,
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
  testRejections('impossible_combination', [
    [
      { message: 'x', handler },
      'message and handler',
      'each set the response of a refusal, and a refusal has only one. Leave out handler, or message.',
    ],
    [
      { message: 'x', problemDetails: true },
      'message and problemDetails',
      'each set the response of a refusal, and a refusal has only one. Leave out problemDetails, or message.',
    ],
    [
      { handler, problemDetails: true },
      'handler and problemDetails',
      'each set the response of a refusal, and a refusal has only one. Leave out problemDetails, or handler.',
    ],
    [
      { message: 'x', handler, problemDetails: true },
      'message and handler and problemDetails',
      'each set the response of a refusal, and a refusal has only one. Leave out handler and problemDetails, or message.',
    ],
  ])
})

describe('the result of a message function', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [429, '429'],
    [() => 'x', 'a function'],
  ])('is rejected if it is %o', async (result, shown) => {
    const error = await rejectionOf(bodyOf({ message: () => result }) as Promise<unknown>)
    expect(error.code).toBe('invalid_result')
    expect(error.message).toBe(
      `message: returned neither text nor an object to send as JSON, got ${shown}. Return 'Slow down', or { error: 'slow_down' }.`,
    )
  })

  it('is a rejected promise if the function throws', async () => {
    const message = (): never => {
      throw new TypeError('no text')
    }
    await expect(bodyOf({ message })).rejects.toThrow(new TypeError('no text'))
  })
})
