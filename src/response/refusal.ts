import type { ServerResponse } from 'node:http'
import { asError } from '../errors/as-error.ts'
import { isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import { type Body, sendBody } from './body.ts'
import { infoForHandler } from './handler-info.ts'
import type { Next } from './next.ts'
import type { RateLimitInfo } from './rate-limit-info.ts'
import {
  type Head,
  headOf,
  isOpen,
  restoreHead,
  writeForbiddenHead,
  writeRefusalHead,
} from './response-head.ts'
import { wholeSeconds } from './whole-seconds.ts'

/** The status of the response if the store fails and `onStoreError` is `'deny'`. */
export const UNAVAILABLE_STATUS = 503

/** The status of the response to a client on the `denyList`. */
export const FORBIDDEN_STATUS = 403

/**
 * The `Retry-After` of the 503. Nobody knows when the store works again. Five seconds are short enough to
 * notice it soon, and long enough not to overload the server with retries.
 */
const UNAVAILABLE_RETRY_SECONDS = 5

/** What the body of a refusal says. */
export interface RefusedQuota {
  /** Returns the names of the limits that refused the request. */
  readonly violated: () => readonly string[]
  /** What they count. */
  readonly unit: string
}

/** How requests are refused: the compiled options. */
export interface RefusalSettings<Req, Res> {
  readonly statusCode: number
  readonly bodyFor: (req: Req, res: Res, refused: RefusedQuota) => MaybePromise<Body>
  /** The same body without a call of the user's functions; `'dynamic'` if such a function makes the body. */
  readonly exampleBodyFor: (refused: RefusedQuota) => Body | 'dynamic'
  readonly handler: ((req: Req, res: Res, next: Next, info: RateLimitInfo) => unknown) | undefined
  /** The body of the 503. */
  readonly unavailableBody: Body
  /** The body of the 403. */
  readonly forbiddenBody: Body
}

/** The facts of a refusal that are known before its response is made. */
export interface Refusal extends RefusedQuota {
  readonly readInfo: () => RateLimitInfo
  /** Milliseconds until every limiter that the request has met so far can allow it. */
  readonly retryAfterMs: number
}

/** A refused request. `next` gets the errors of the user's functions. */
export interface RefusedRequest<Req, Res> {
  readonly req: Req
  readonly res: Res
  readonly next: Next
}

/** Sends a refusal. Errors of the user's functions go to `next`, which is called at most once. */
export function refuse<Req, Res extends ServerResponse>(
  refused: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
  refusal: Refusal,
): void {
  const { req, res } = refused
  // The request may have been answered in the meantime, for example by a timeout handler.
  if (!isOpen(res)) return
  const before = headOf(res)
  try {
    writeRefusalHead(res, before, settings.statusCode, wholeSeconds(refusal.retryAfterMs))
    if (settings.handler !== undefined) {
      callHandler(refused, settings.handler, refusal.readInfo(), before)
      return
    }
    const body = settings.bodyFor(req, res, refusal)
    if (!isPromiseLike(body)) sendBody(res, body)
    else {
      Promise.resolve(body)
        .then((ready) => sendBody(res, ready))
        .catch((error: unknown) => handBack(refused, before, asError(error)))
    }
  } catch (error) {
    handBack(refused, before, asError(error))
  }
}

/** Lets the user's function write the response. It may call `next`, once. */
function callHandler<Req, Res extends ServerResponse>(
  refused: RefusedRequest<Req, Res>,
  handler: NonNullable<RefusalSettings<Req, Res>['handler']>,
  info: RateLimitInfo,
  before: Head,
): void {
  const next = once((error) => handBack(refused, before, error))
  try {
    const done = handler(refused.req, refused.res, next, infoForHandler(info))
    if (isPromiseLike(done)) Promise.resolve(done).catch((error: unknown) => next(asError(error)))
  } catch (error) {
    next(asError(error))
  }
}

/** Sends the 503 of `onStoreError: 'deny'` while the store fails. */
export function refuseUnavailable<Req, Res extends ServerResponse>(
  refused: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
): void {
  writeResponse(refused, (res, before) => {
    writeRefusalHead(res, before, UNAVAILABLE_STATUS, UNAVAILABLE_RETRY_SECONDS)
    sendBody(res, settings.unavailableBody)
  })
}

/** Sends the 403 to a client on the `denyList`. It shows no limits, because no wait would be long enough. */
export function refuseDenied<Req, Res extends ServerResponse>(
  refused: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
): void {
  writeResponse(refused, (res) => {
    writeForbiddenHead(res, FORBIDDEN_STATUS)
    sendBody(res, settings.forbiddenBody)
  })
}

/** Writes a response, unless it is too late. If writing throws, the error goes to `next`. */
function writeResponse<Req, Res extends ServerResponse>(
  refused: RefusedRequest<Req, Res>,
  write: (res: Res, before: Head) => void,
): void {
  const { res } = refused
  if (!isOpen(res)) return
  const before = headOf(res)
  try {
    write(res, before)
  } catch (error) {
    handBack(refused, before, asError(error))
  }
}

/** Passes a refused request on, with the head that its response had before. */
function handBack<Req, Res extends ServerResponse>(
  { res, next }: RefusedRequest<Req, Res>,
  before: Head,
  error: unknown,
): void {
  if (isOpen(res)) restoreHead(res, before)
  next(error)
}

function once(next: Next): Next {
  let called = false
  return (error) => {
    if (called) return
    called = true
    next(error)
  }
}
