import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkFlag, checkFunction, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import {
  type Body,
  DEFAULT_FORBIDDEN,
  DEFAULT_REFUSAL,
  DEFAULT_UNAVAILABLE,
  jsonBody,
  textBody,
} from '../response/body.ts'
import { forbidden, quotaExceeded, reducedCapacity } from '../response/problem-details.ts'
import { FORBIDDEN_STATUS, type RefusalSettings, UNAVAILABLE_STATUS } from '../response/refusal.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

const DEFAULT_STATUS = 429

/** Compiles `statusCode`, `message`, `handler` and `problemDetails`. */
export function parseRefusal<Req extends IncomingMessage, Res extends ServerResponse>(
  options: RateLimiterOptions<Req, Res>,
): RefusalSettings<Req, Res> {
  const { statusCode: givenStatus = DEFAULT_STATUS } = options
  const statusCode = checkWholeNumber('statusCode', givenStatus, 400, 599)
  const problemDetails = checkFlag('problemDetails', options.problemDetails, false)
  const handler = checkFunction('handler', options.handler, '(req, res, next, info) => void')
  checkOneResponse(options, problemDetails)
  return {
    statusCode,
    handler,
    bodyFor: problemDetails
      ? (_req, _res, { violated, unit }) => quotaExceeded(statusCode, violated(), unit)
      : compileMessage(options.message),
    exampleBodyFor: compileExample(options, problemDetails ? statusCode : undefined),
    unavailableBody: problemDetails ? reducedCapacity(UNAVAILABLE_STATUS) : DEFAULT_UNAVAILABLE,
    forbiddenBody: problemDetails ? forbidden(FORBIDDEN_STATUS) : DEFAULT_FORBIDDEN,
  }
}

/** @param problemStatus the status, if refusals are problem details */
function compileExample(
  { message, handler }: { readonly message?: unknown; readonly handler?: unknown },
  problemStatus: number | undefined,
): RefusalSettings<never, never>['exampleBodyFor'] {
  if (problemStatus !== undefined) {
    return ({ violated, unit }) => quotaExceeded(problemStatus, violated(), unit)
  }
  if (handler !== undefined || typeof message === 'function') return () => 'dynamic'
  const body = bodyOf(message) ?? DEFAULT_REFUSAL
  return () => body
}

/** A refusal has one response. If two options set it, one of them would have no effect. */
function checkOneResponse(
  options: { readonly message?: unknown; readonly handler?: unknown },
  problemDetails: boolean,
): void {
  const given = [
    options.message !== undefined && 'message',
    options.handler !== undefined && 'handler',
    problemDetails && 'problemDetails',
  ].filter((name) => name !== false)
  if (given.length < 2) return
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: given.join(' and '),
    problem: 'each set the response of a refusal, and a refusal has only one',
    remedy: `Leave out ${given.slice(1).join(' and ')}, or ${given[0]}.`,
  })
}

function compileMessage<Req, Res>(message: unknown): RefusalSettings<Req, Res>['bodyFor'] {
  if (message === undefined) return () => DEFAULT_REFUSAL
  if (typeof message === 'function') {
    return async (req, res) => bodyOfResult(await message(req, res))
  }
  const body = bodyOf(message)
  if (body !== undefined) return () => body
  return rejectOption(
    'message',
    message,
    'takes text, or an object to send as JSON',
    "Give 'Slow down', or { error: 'slow_down' }, or a function that returns either.",
  )
}

function bodyOfResult(result: unknown): Body {
  const body = bodyOf(result)
  if (body !== undefined) return body
  throw new RateLimiterError({
    code: 'invalid_result',
    option: 'message',
    value: result,
    problem: 'returned neither text nor an object to send as JSON',
    remedy: "Return 'Slow down', or { error: 'slow_down' }.",
  })
}

/** The body of a message; undefined if it cannot be one. Circular objects and promises have no JSON. */
function bodyOf(message: unknown): Body | undefined {
  if (typeof message === 'string') return textBody(message)
  if (typeof message !== 'object' || message === null || message instanceof Promise) return undefined
  try {
    return jsonBody(message)
  } catch {
    return undefined
  }
}
