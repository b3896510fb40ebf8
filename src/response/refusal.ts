import type { ServerResponse } from 'node:http'
import { asError } from '../errors/as-error.ts'
import { isPromiseLike } from '../maybe-promise.ts'
import type { Next } from '../options/rate-limiter-options.ts'
import { FORBIDDEN_STATUS, type RefusalSettings, UNAVAILABLE_STATUS } from '../options/refusal-options.ts'
import type { RateLimitInfo } from '../response/rate-limit-info.ts'
import { wholeSeconds } from '../response/seconds.ts'
import { isOpen, rememberHead, sendBody, writeForbiddenHead, writeRefusalHead } from '../response/send.ts'

/** Nobody knows when a store comes back; this is soon enough to notice and late enough not to hammer. */
const UNAVAILABLE_RETRY_SECONDS = 5

/** A refusal, as far as it is known before the answer is made. */
export interface Refusal {
  readonly info: RateLimitInfo
  /** Milliseconds until no limiter on the way refuses the request. */
  readonly retryAfterMs: number
  /** Names of the limits that refused. */
  readonly violated: readonly string[]
}

/** A refused request, and whom to hand it to if a function of the user fails. */
export interface RefusedRequest<Req, Res> {
  readonly req: Req
  readonly res: Res
  readonly next: Next
}

/** Answers a refused request. Errors of the user's functions go to `next`, which is called once at most. */
export function refuse<Req, Res extends ServerResponse>(
  { req, res, next }: RefusedRequest<Req, Res>,
  options: RefusalSettings<Req, Res>,
  { info, retryAfterMs, violated }: Refusal,
): void {
  // Somebody has answered meanwhile, a time-out say: there is nothing left to refuse.
  if (!isOpen(res)) return
  const restoreHead = rememberHead(res)
  const handOn = once((error?: unknown) => {
    if (isOpen(res)) restoreHead()
    next(error)
  })
  try {
    writeRefusalHead(res, options.statusCode, wholeSeconds(retryAfterMs))
    const done =
      options.handler === undefined
        ? answer(req, res, options, violated)
        : options.handler(req, res, handOn, info)
    if (isPromiseLike(done)) Promise.resolve(done).catch((error: unknown) => handOn(asError(error)))
  } catch (error) {
    handOn(asError(error))
  }
}

/** Answers 503 while the limiter cannot count and must not let requests through uncounted. */
export function refuseUncounted<Req, Res extends ServerResponse>(
  { res, next }: RefusedRequest<Req, Res>,
  options: RefusalSettings<Req, Res>,
): void {
  answerOrHandOn(res, next, () => {
    writeRefusalHead(res, UNAVAILABLE_STATUS, UNAVAILABLE_RETRY_SECONDS)
    sendBody(res, options.unavailable)
  })
}

/** Turns a denied client away. It is told nothing of limits: no wait would be long enough. */
export function refuseDenied<Req, Res extends ServerResponse>(
  { res, next }: RefusedRequest<Req, Res>,
  options: RefusalSettings<Req, Res>,
): void {
  answerOrHandOn(res, next, () => {
    writeForbiddenHead(res, FORBIDDEN_STATUS)
    sendBody(res, options.forbidden)
  })
}

/** Answers, or hands the error of it on with the head as it was before. */
function answerOrHandOn(res: ServerResponse, next: Next, write: () => void): void {
  if (!isOpen(res)) return
  const restoreHead = rememberHead(res)
  try {
    write()
  } catch (error) {
    if (isOpen(res)) restoreHead()
    next(asError(error))
  }
}

function answer<Req, Res extends ServerResponse>(
  req: Req,
  res: Res,
  { bodyFor }: RefusalSettings<Req, Res>,
  violated: readonly string[],
): PromiseLike<void> | undefined {
  const body = bodyFor(req, res, violated)
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
