import type { IncomingMessage, ServerResponse } from 'node:http'
import { asError } from './errors/as-error.ts'
import { RateLimiterError } from './errors/rate-limiter-error.ts'
import type { Decision } from './limits/decision.ts'
import { chain, isPromiseLike, type MaybePromise } from './maybe-promise.ts'
import type { Next } from './options/rate-limiter-options.ts'
import type { Settings } from './options/settings.ts'
import { attachInfo, writeHeaders, writePolicies } from './request/announce.ts'
import type { Assess, Assessment } from './request/assessment.ts'
import { type Passage, passageOf } from './request/passage.ts'
import { refundWhenKnown } from './request/refund.ts'
import { type Refusal, refuse, refuseUncounted } from './request/refuse.ts'
import type { GuardedStore } from './stores/guarded-store.ts'

/** What the middleware is made of. */
export interface MiddlewareParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  /** Throws once the limiter is closed. */
  readonly checkOpen: () => void
  readonly resolveClient: (req: Req) => string
  readonly assess: Assess<Req>
  readonly store: GuardedStore
  /** Milliseconds since the epoch, for the instants in headers. */
  readonly now: () => number
}

/** What became of a request: counted, or not for want of a store; undefined when it is not limited. */
type Verdict = { readonly assessment: Assessment; readonly answer: Decision | RateLimiterError } | undefined

/** The way of one request: who asks, what it costs, what the store says, what the client is told. */
export function createMiddleware<Req extends IncomingMessage, Res extends ServerResponse>(
  parts: MiddlewareParts<Req, Res>,
): (req: Req, res: Res, next: Next) => void {
  return function rateLimiter(req, res, next) {
    const passage = passageOf(req)
    if (!passage.enter(parts)) {
      next()
      return
    }
    let verdict: MaybePromise<Verdict>
    try {
      verdict = judge(req, parts)
    } catch (error) {
      next(asError(error))
      return
    }
    const finish = (known: Verdict): void => conclude(req, res, next, passage, known, parts)
    if (isPromiseLike(verdict)) verdict.then(finish, (error: unknown) => next(asError(error)))
    else finish(verdict)
  }
}

function judge<Req extends IncomingMessage, Res extends ServerResponse>(
  req: Req,
  { checkOpen, resolveClient, assess, store }: MiddlewareParts<Req, Res>,
): MaybePromise<Verdict> {
  checkOpen()
  // Now, before anything is awaited: a socket that was reset meanwhile has no address any more.
  const address = resolveClient(req)
  return chain(assess(req, address), (assessment) => {
    if (assessment === undefined) return undefined
    return chain(store.consume(assessment.charge), (answer) => ({ assessment, answer }))
  })
}

/** Tells the client and either hands the request on or refuses it. Calls `next` outside of any `try`. */
function conclude<Req extends IncomingMessage, Res extends ServerResponse>(
  req: Req,
  res: Res,
  next: Next,
  passage: Passage,
  verdict: Verdict,
  { settings, store, now }: MiddlewareParts<Req, Res>,
): void {
  let refusal: Refusal | 'uncounted' | undefined
  try {
    if (verdict !== undefined) refusal = tell(req, res, passage, verdict, settings, store, now())
  } catch (error) {
    next(asError(error))
    return
  }
  if (refusal === undefined || settings.mode === 'shadow') next()
  else if (refusal === 'uncounted') refuseUncounted(res, settings.refusal)
  else refuse(req, res, next, settings.refusal, refusal)
}

function tell<Req extends IncomingMessage, Res extends ServerResponse>(
  req: Req,
  res: Res,
  passage: Passage,
  { assessment, answer }: NonNullable<Verdict>,
  settings: Settings<Req, Res>,
  store: GuardedStore,
  nowMs: number,
): Refusal | 'uncounted' | undefined {
  const { formats, requestPropertyName, refund, onStoreError } = settings
  if (answer instanceof RateLimiterError) {
    writePolicies(res, formats, assessment)
    return onStoreError === 'deny' ? 'uncounted' : undefined
  }
  const info = attachInfo(req, requestPropertyName, passage, assessment, answer, nowMs)
  writeHeaders(res, formats, passage, assessment, answer, nowMs)
  const { cost } = assessment.charge
  if (answer.allowed) {
    const { receipt } = answer
    if (refund !== undefined && receipt !== undefined) {
      refundWhenKnown(req, res, refund, () => store.refund(receipt))
    }
    passage.add(answer.limits)
    return undefined
  }
  const violated = answer.limits.filter(({ remaining }) => remaining < cost).map(({ name }) => name)
  return { info, violated, retryAfterMs: passage.retryAfterMs(answer.retryAfterMs, cost) }
}
