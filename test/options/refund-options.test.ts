import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parse, rejects } from '../support/parse.ts'

describe('refunds', () => {
  const req = new IncomingMessage(new Socket())

  it('are none unless they are asked for', () => {
    expect(parse({}).refund).toBeUndefined()
    expect(parse({ skipSuccessfulRequests: false, skipFailedRequests: false }).refund).toBeUndefined()
  })

  it.each([
    [399, true],
    [400, false],
    [500, false],
  ])('take status %d for success: %s', (statusCode, successful) => {
    const res = new ServerResponse(req)
    res.statusCode = statusCode
    const { refund } = parse({ skipFailedRequests: true })
    expect(refund?.refunds).toBe('failed')
    expect(refund?.wasSuccessful(req, res)).toBe(successful)
  })

  it('ask the function that says what success is', () => {
    const requestWasSuccessful = (): boolean => true
    const { refund } = parse({ skipSuccessfulRequests: true, requestWasSuccessful })
    expect(refund).toEqual({ refunds: 'successful', wasSuccessful: requestWasSuccessful })
  })

  rejects('impossible_combination', [
    [
      { skipSuccessfulRequests: true, skipFailedRequests: true },
      'skipSuccessfulRequests and skipFailedRequests',
      'give back every charge together. Choose one.',
    ],
    [
      { requestWasSuccessful: () => true },
      'requestWasSuccessful',
      'is never asked unless charges are given back. Set skipSuccessfulRequests or skipFailedRequests too.',
    ],
  ])

  rejects('invalid_option', [
    [
      { skipSuccessfulRequests: 'yes' },
      'skipSuccessfulRequests',
      "takes a boolean, got 'yes'. Give true or false, without quotes.",
    ],
    [
      { skipFailedRequests: 1 },
      'skipFailedRequests',
      'takes a boolean, got 1. Give true or false, without quotes.',
    ],
    [
      { skipFailedRequests: true, requestWasSuccessful: 200 },
      'requestWasSuccessful',
      'takes a function, got 200. Give (req, res) => boolean, or leave the option out.',
    ],
  ])
})
