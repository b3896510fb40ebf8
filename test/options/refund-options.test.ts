import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'

describe('the options of refunds', () => {
  const req = new IncomingMessage(new Socket())

  it('compile to undefined if no option is true', () => {
    expect(settingsOf({}).refund).toBeUndefined()
    expect(settingsOf({ skipSuccessfulRequests: false, skipFailedRequests: false }).refund).toBeUndefined()
  })

  it.each([
    [399, true],
    [400, false],
    [500, false],
  ])('treat status %d as success: %s', (statusCode, successful) => {
    const res = new ServerResponse(req)
    res.statusCode = statusCode
    const { refund } = settingsOf({ skipFailedRequests: true })
    expect(refund?.refunds).toBe('failed')
    expect(refund?.wasSuccessful(req, res)).toBe(successful)
  })

  it('use requestWasSuccessful if it is given', () => {
    const requestWasSuccessful = (): boolean => true
    const { refund } = settingsOf({ skipSuccessfulRequests: true, requestWasSuccessful })
    expect(refund).toEqual({ refunds: 'successful', wasSuccessful: requestWasSuccessful })
  })

  testRejections('impossible_combination', [
    [
      { skipSuccessfulRequests: true, skipFailedRequests: true },
      'skipSuccessfulRequests and skipFailedRequests',
      'refund every charge if both are set. Leave one of them out.',
    ],
    [
      { requestWasSuccessful: () => true },
      'requestWasSuccessful',
      'is never called unless charges are refunded. Set skipSuccessfulRequests or skipFailedRequests too.',
    ],
  ])

  testRejections('invalid_option', [
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
