import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkFlag, checkFunction } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

/** Which charges are refunded: the compiled options. */
export interface RefundSettings<Req, Res> {
  /** Whether the charges of successful or of failed requests are refunded. */
  readonly refunds: 'successful' | 'failed'
  readonly wasSuccessful: (req: Req, res: Res) => MaybePromise<boolean>
}

/** Which charges can be changed afterwards: the compiled options. */
export interface ReceiptSettings<Req, Res> {
  readonly refund: RefundSettings<Req, Res> | undefined
  /** Whether charges of requests can be settled. */
  readonly settles: boolean
  /** Whether charges of requests can be settled or refunded. */
  readonly keepsReceipts: boolean
}

/** Compiles the options of refunds, and `settles`. */
export function parseReceipts<Req extends IncomingMessage, Res extends ServerResponse>(
  options: RateLimiterOptions<Req, Res>,
): ReceiptSettings<Req, Res> {
  const refund = parseRefunds(options)
  const settles = parseSettles(options)
  return { refund, settles, keepsReceipts: refund !== undefined || settles }
}

/**
 * Whether receipts of requests are kept, so that their charges can be settled. By default they are where `cost` is
 * given, which can be an estimate, unless the store cannot settle.
 */
function parseSettles<Req extends IncomingMessage, Res extends ServerResponse>({
  settles,
  cost,
  store,
}: RateLimiterOptions<Req, Res>): boolean {
  // It may be no store at all, which another check rejects.
  const canSettle = store === undefined || typeof Object(store).settle === 'function'
  return checkFlag('settles', settles, cost !== undefined && canSettle)
}

/** Compiles the options of refunds; undefined if no charge is refunded. */
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
      problem: 'refund every charge if both are set',
      remedy: 'Leave one of them out.',
    })
  }
  if (!successful && !failed) {
    if (wasSuccessful === undefined) return undefined
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'requestWasSuccessful',
      problem: 'is never called unless charges are refunded',
      remedy: 'Set skipSuccessfulRequests or skipFailedRequests too.',
    })
  }
  return {
    refunds: successful ? 'successful' : 'failed',
    wasSuccessful: wasSuccessful ?? ((_req, res) => res.statusCode < 400),
  }
}
