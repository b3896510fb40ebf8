import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkFlag, checkFunction } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

/** When a charge is given back, compiled. */
export interface RefundSettings<Req, Res> {
  /** The kind of requests that are given back: successful ones, or failed ones. */
  readonly refunds: 'successful' | 'failed'
  readonly wasSuccessful: (req: Req, res: Res) => MaybePromise<boolean>
}

/** Undefined when every charge stays. */
export function parseRefunds<Req extends IncomingMessage, Res extends ServerResponse>(
  options: RateLimiterOptions<Req, Res>,
): RefundSettings<Req, Res> | undefined {
  const successful = checkFlag('skipSuccessfulRequests', options.skipSuccessfulRequests, false)
  const failed = checkFlag('skipFailedRequests', options.skipFailedRequests, false)
  const wasSuccessful = checkFunction(
    'requestWasSuccessful',
    options.requestWasSuccessful,
    '(req, res) => boolean',
  )
  if (successful && failed) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'skipSuccessfulRequests and skipFailedRequests',
      problem: 'give back every charge together',
      remedy: 'Choose one.',
    })
  }
  if (!successful && !failed) {
    if (wasSuccessful === undefined) return undefined
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'requestWasSuccessful',
      problem: 'is never asked unless charges are given back',
      remedy: 'Set skipSuccessfulRequests or skipFailedRequests too.',
    })
  }
  return {
    refunds: successful ? 'successful' : 'failed',
    wasSuccessful: wasSuccessful ?? ((_req, res) => res.statusCode < 400),
  }
}
