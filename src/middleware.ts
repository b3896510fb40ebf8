import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from './client/client-resolver.ts'
import { asError } from './errors/as-error.ts'
import { RateLimiterError } from './errors/rate-limiter-error.ts'
import { decisions } from './events/channels.ts'
import type { Decision } from './limits/decision.ts'
import type { LimiterDescription } from './limits/limiter-description.ts'
import { chain, isPromiseLike, type MaybePromise } from './maybe-promise.ts'
import type { Next } from './options/rate-limiter-options.ts'
import type { Settings } from './options/settings.ts'
import {
  attachInfo,
  type InfoProperty,
  type ToldOutcome,
  writeHeaders,
  writePolicies,
} from './request/announce.ts'
import type { Assess, Assessment } from './request/assessment.ts'
import { decisionEvent } from './request/decision-event.ts'
import { type Passage, passageOf } from './request/passage.ts'
import { refundWhenKnown } from './request/refund.ts'
import { forbid, type Refusal, refuse, refuseUncounted } from './request/refuse.ts'
import type { GuardedStore } from './stores/guarded-store.ts'

/** What the middleware is made of. */
export interface MiddlewareParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  /** What the limiter says of itself, for events. */
  readonly description: LimiterDescription
  /** Throws once the limiter is closed. */
  readonly checkOpen: () => void
  readonly resolveClient: (req: Req, headers: IncomingHttpHeaders) => Client
  readonly assess: Assess<Req>
  readonly infoProperty: InfoProperty
  readonly store: GuardedStore
  /** Milliseconds since the epoch, for the instants in headers. */
  readonly now: () => number
}

type Described = Pick<MiddlewareParts<never, never>, 'description'>

/** A request that was counted, or not for want of a store. */
interface Counted {
  readonly assessment: Assessment
  readonly answer: Decision | RateLimiterError
}

/** What became of a request; undefined when it is not limited. */
type Verdict = Counted | 'denied' | undefined

/** One request on its way past the limiter. */
interface Visit<Req, Res> {
  readonly req: Req
  readonly res: Res
  readonly next: Next
  readonly passage: Passage
}

/** The way of one request: who asks, what it costs, what the store says, what the client is told. */
export function createMiddleware<Req extends IncomingMessage, Res extends ServerResponse>(
  parts: MiddlewareParts<Req, Res>,
): (req: Req, res: Res, next: Next) => void {
  return function rateLimiter(req, res, next) {
    const passage = passageOf(req)
    if (passage.hasCharged(parts)) {
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
    const visit = { req, res, next, passage }
    if (isPromiseLike(verdict)) whenKnown(visit, verdict, parts)
    else conclude(visit, verdict, parts)
  }
}

function whenKnown<Req extends IncomingMessage, Res extends ServerResponse>(
  visit: Visit<Req, Res>,
  verdict: PromiseLike<Verdict>,
  parts: MiddlewareParts<Req, Res>,
): void {
  // Not when the verdict is known: a response that was begun meanwhile is somebody's answer.
  const isLate = hasBegun(visit.res)
  verdict.then(
    (known) => conclude(visit, known, parts, isLate),
    (error: unknown) => visit.next(asError(error)),
  )
}

function judge<Req extends IncomingMessage, Res extends ServerResponse>(
  req: Req,
  parts: MiddlewareParts<Req, Res>,
): MaybePromise<Verdict> {
  const { checkOpen, resolveClient, assess, settings } = parts
  const { denyList, allowList } = settings.client
  checkOpen()
  // Now, before anything is awaited: a socket that was reset meanwhile has no address any more.
  // Once: what Express has made of a request is slow to read.
  const { headers } = req
  const client = resolveClient(req, headers)
  if (denyList !== undefined || allowList !== undefined) {
    const { address } = client
    // Whoever resets its connection at once has no address, and must not get past the list by it.
    const isDenied = denyList !== undefined && (address === undefined || denyList.has(address))
    if (isDenied && settings.mode === 'enforce') {
      tellOfUncharged('denied', req, client, parts)
      return 'denied'
    }
    if (address !== undefined && allowList?.has(address) === true) return skipped(req, client, parts)
  }
  const assessment = assess(req, client.key, headers)
  // Where nothing is to come, nothing is made for its sake.
  if (isPromiseLike(assessment)) return chain(assessment, (known) => count(known, req, client, parts))
  return count(assessment, req, client, parts)
}

function count<Req extends IncomingMessage, Res extends ServerResponse>(
  assessment: Assessment | undefined,
  req: Req,
  client: Client,
  parts: MiddlewareParts<Req, Res>,
): MaybePromise<Verdict> {
  if (assessment === undefined) return skipped(req, client, parts)
  const answer = parts.store.consume(assessment.charge)
  if (isPromiseLike(answer)) return chain(answer, (known) => ({ assessment, answer: known }))
  return { assessment, answer }
}

function skipped(req: IncomingMessage, client: Client, parts: Described): undefined {
  tellOfUncharged('skipped', req, client, parts)
}

function tellOfUncharged(
  outcome: 'denied' | 'skipped',
  req: IncomingMessage,
  { key }: Client,
  parts: Described,
): void {
  if (!decisions.hasSubscribers || !passageOf(req).isNewTo(parts)) return
  const { description: limiter } = parts
  decisions.publish({ limiter, outcome, key, class: undefined, cost: 0, decision: undefined })
}

/** Whoever sends the head before the limiter has its say leaves it no way to refuse but to hang up. */
function hasBegun(res: ServerResponse): boolean {
  return res.headersSent && !res.writableEnded
}

/** Tells the client and either hands the request on or refuses it. Calls `next` outside of any `try`. */
function conclude<Req extends IncomingMessage, Res extends ServerResponse>(
  visit: Visit<Req, Res>,
  verdict: Verdict,
  parts: MiddlewareParts<Req, Res>,
  isLate?: boolean,
): void {
  const { res, next } = visit
  const { mode, refusal: options } = parts.settings
  let refusal: Refusal | 'uncounted' | 'denied' | undefined
  try {
    refusal = typeof verdict === 'object' ? tell(visit, verdict, parts) : verdict
  } catch (error) {
    next(asError(error))
    return
  }
  if (refusal === undefined || mode === 'shadow') next()
  else if (isLate ?? hasBegun(res)) res.destroy()
  else if (refusal === 'denied') forbid(visit, options)
  else if (refusal === 'uncounted') refuseUncounted(visit, options)
  else refuse(visit, options, refusal)
}

function tell<Req extends IncomingMessage, Res extends ServerResponse>(
  { req, res, passage }: Visit<Req, Res>,
  { assessment, answer }: Counted,
  parts: MiddlewareParts<Req, Res>,
): Refusal | 'uncounted' | undefined {
  const { settings, store } = parts
  const { formats, refund, onStoreError, mode } = settings
  // Only now: a limiter that let the request pass uncounted has its say again if it is met again.
  passage.charge(parts)
  if (decisions.hasSubscribers) decisions.publish(decisionEvent(assessment, answer, parts))
  if (answer instanceof RateLimiterError) {
    writePolicies(res, formats, passage, assessment)
    return onStoreError === 'deny' ? 'uncounted' : undefined
  }
  const retryAfterMs = answer.allowed ? 0 : passage.retryAfterMs(answer.retryAfterMs)
  const outcome: ToldOutcome = { assessment, answer, retryAfterMs, nowMs: parts.now(), mode }
  const info = attachInfo(req, parts.infoProperty, passage, outcome)
  writeHeaders(res, formats, passage, outcome)
  const { cost } = assessment.charge
  if (answer.allowed) {
    const { receipt } = answer
    if (refund !== undefined && receipt !== undefined) {
      refundWhenKnown(req, res, refund, () => store.refund(receipt))
    }
    // A limiter in shadow mode keeps nobody waiting, nor does one that gives back what a refusal cost.
    if (mode === 'enforce' && refund?.refunds !== 'failed') {
      passage.add({ decision: answer, cost })
    }
    return undefined
  }
  return { info, violated: violatedBy(answer, cost), retryAfterMs }
}

/** The names of the limits that refused a charge. A ban refuses whatever the limits say, and is none of them. */
function violatedBy({ limits, ban }: Decision, cost: number): string[] {
  if (ban !== undefined) return []
  return limits.filter(({ remaining }) => remaining < cost).map(({ name }) => name)
}
