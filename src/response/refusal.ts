import type { ServerResponse } from 'node:http'
import { asError } from '../errors/as-error.ts'
import { isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import { type Body, sendBody } from './body.ts'
import { infoForHandler } from './handler-info.ts'
import type { Next } from './next.ts'
import type { RateLimitInfo } from './rate-limit-info.ts'
import { isOpen, rememberHead, writeForbiddenHead, writeRefusalHead } from './response-head.ts'
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
  { req, res, next }: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
  refusal: Refusal,
): void {
  // The request may have been answered in the meantime, for example by a timeout handler.
  if (!isOpen(res)) return
  const restoreHead = rememberHead(res)
  const nextOnce = once((error?: unknown) => {
    if (isOpen(res)) restoreHead()
    next(error)
  })
  try {
    writeRefusalHead(res, settings.statusCode, wholeSeconds(refusal.retryAfterMs))
    const done =
      settings.handler === undefined
        ? sendRefusalBody(req, res, settings, refusal)
        : settings.handler(req, res, nextOnce, infoForHandler(refusal.readInfo()))
    if (isPromiseLike(done)) Promise.resolve(done).catch((error: unknown) => nextOnce(asError(error)))
  } catch (error) {
    nextOnce(asError(error))
  }
}

/** Sends the 503 of `onStoreError: 'deny'` while the store fails. */
export function refuseUnavailable<Req, Res extends ServerResponse>(
  { res, next }: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
): void {
  writeOrPassError(res, next, () => {
    writeRefusalHead(res, UNAVAILABLE_STATUS, UNAVAILABLE_RETRY_SECONDS)
    sendBody(res, settings.unavailableBody)
  })
}

/** Sends the 403 to a client on the `denyList`. It shows no limits, because no wait would be long enough. */
export function refuseDenied<Req, Res extends ServerResponse>(
  { res, next }: RefusedRequest<Req, Res>,
  settings: RefusalSettings<Req, Res>,
): void {
  writeOrPassError(res, next, () => {
    writeForbiddenHead(res, FORBIDDEN_STATUS)
    sendBody(res, settings.forbiddenBody)
  })
}

/** Writes a response. If writing throws, restores the head and passes the error to `next`. */
function writeOrPassError(res: ServerResponse, next: Next, write: () => void): void {
  if (!isOpen(res)) return
  const restoreHead = rememberHead(res)
  try {
    write()
  } catch (error) {
    if (isOpen(res)) restoreHead()
    next(asError(error))
  }
}

function sendRefusalBody<Req, Res extends ServerResponse>(
  req: Req,
  res: Res,
  { bodyFor }: RefusalSettings<Req, Res>,
  refused: RefusedQuota,
): PromiseLike<void> | undefined {
  const body = bodyFor(req, res, refused)
  if (isPromiseLike(body)) return body.then((ready) => sendBody(res, ready))
  sendBody(res, body)
  return undefined
}

function once(next: Next): Next {
  let called = false
  return (error) => {
    if (called) return
    called = true
    next(error)
  }
}
