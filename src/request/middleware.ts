import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '../client/client-resolver.ts'
import { asError } from '../errors/as-error.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { decisions } from '../events/channels.ts'
import type { Decision } from '../limits/decision.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import type { Next } from '../options/rate-limiter-options.ts'
import type { Settings } from '../options/settings.ts'
import { type Refusal, refuse, refuseDenied, refuseUncounted } from '../response/refusal.ts'
import type { ResilientStore } from '../stores/resilience/resilient-store.ts'
import type { ChargePlan, PlanCharge } from './charge-plan.ts'
import { decisionEvent } from './decision-event.ts'
import { refundWhenKnown } from './refund-on-response.ts'
import { type RequestState, requestStateOf } from './request-state.ts'
import {
  attachInfo,
  type InfoProperty,
  type ToldOutcome,
  writeHeaders,
  writePolicies,
} from './response-headers.ts'

/** What the middleware is made of. */
export interface MiddlewareParts<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly settings: Settings<Req, Res>
  /** What the limiter says of itself, for events. */
  readonly description: LimiterDescription
  /** Throws once the limiter is closed. */
  readonly checkOpen: () => void
  readonly resolveClient: (req: Req, headers: IncomingHttpHeaders) => Client
  readonly assess: PlanCharge<Req>
  readonly infoProperty: InfoProperty
  readonly store: ResilientStore
  /** Milliseconds since the epoch, for the instants in headers. */
  readonly now: () => number
}

type Described = Pick<MiddlewareParts<never, never>, 'description'>

/** A request that was counted, or not for want of a store. */
interface Counted {
  readonly plan: ChargePlan
  readonly answer: Decision | RateLimiterError
}

/** What became of a request; undefined when it is not limited. */
type Verdict = Counted | 'denied' | undefined

/** One request on its way past the limiter. */
interface Visit<Req, Res> {
  readonly req: Req
  readonly res: Res
  readonly next: Next
  readonly state: RequestState
}

/** The way of one request: who asks, what it costs, what the store says, what the client is told. */
export function createMiddleware<Req extends IncomingMessage, Res extends ServerResponse>(
  parts: MiddlewareParts<Req, Res>,
): (req: Req, res: Res, next: Next) => void {
  return function rateLimiter(req, res, next) {
    const state = requestStateOf(req)
    if (state.hasCharged(parts)) {
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
    const visit = { req, res, next, state }
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
  const plan = assess(req, client.key, headers)
  // Where nothing is to come, nothing is made for its sake.
  if (isPromiseLike(plan)) return chain(plan, (known) => count(known, req, client, parts))
  return count(plan, req, client, parts)
}

function count<Req extends IncomingMessage, Res extends ServerResponse>(
  plan: ChargePlan | undefined,
  req: Req,
  client: Client,
  parts: MiddlewareParts<Req, Res>,
): MaybePromise<Verdict> {
  if (plan === undefined) return skipped(req, client, parts)
  const answer = parts.store.consume(plan.charge)
  if (isPromiseLike(answer)) return chain(answer, (known) => ({ plan, answer: known }))
  return { plan, answer }
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
  if (!decisions.hasSubscribers || !requestStateOf(req).announceOnce(parts)) return
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
  else if (refusal === 'denied') refuseDenied(visit, options)
  else if (refusal === 'uncounted') refuseUncounted(visit, options)
  else refuse(visit, options, refusal)
}

function tell<Req extends IncomingMessage, Res extends ServerResponse>(
  { req, res, state }: Visit<Req, Res>,
  { plan, answer }: Counted,
  parts: MiddlewareParts<Req, Res>,
): Refusal | 'uncounted' | undefined {
  const { settings, store } = parts
  const { formats, refund, onStoreError, mode } = settings
  // Only now: a limiter that let the request pass uncounted has its say again if it is met again.
  state.markCharged(parts)
  if (decisions.hasSubscribers) decisions.publish(decisionEvent(plan, answer, parts))
  if (answer instanceof RateLimiterError) {
    writePolicies(res, formats, state, plan)
    return onStoreError === 'deny' ? 'uncounted' : undefined
  }
  const retryAfterMs = answer.allowed ? 0 : state.retryAfterMs(answer.retryAfterMs)
  const outcome: ToldOutcome = { plan, answer, retryAfterMs, nowMs: parts.now(), mode }
  const info = attachInfo(req, parts.infoProperty, state, outcome)
  writeHeaders(res, formats, state, outcome)
  const { cost } = plan.charge
  if (answer.allowed) {
    const { receipt } = answer
    if (refund !== undefined && receipt !== undefined) {
      refundWhenKnown(req, res, refund, () => store.refund(receipt))
    }
    // A limiter in shadow mode keeps nobody waiting, nor does one that gives back what a refusal cost.
    if (mode === 'enforce' && refund?.refunds !== 'failed') {
      state.addAdmitted({ decision: answer, cost })
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
