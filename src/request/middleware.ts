import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '../client/known-client.ts'
import { asError } from '../errors/as-error.ts'
import { decisionChannel } from '../events/channels.ts'
import type { Decision } from '../limits/decision.ts'
import { chain, isPromiseLike, type MaybePromise } from '../maybe-promise.ts'
import { exposeHeaders } from '../response/exposed-headers.ts'
import type { Next } from '../response/next.ts'
import { type Refusal, refuse, refuseDenied, refuseUnavailable } from '../response/refusal.ts'
import { isWholeResponse, wholeResponseFor } from '../response/socket-response.ts'
import { publishUncharged } from './decision-events.ts'
import type { PolicyCharge } from './policy-charge.ts'
import { recordAnswer } from './record-answer.ts'
import { requestRecordOf } from './record-of-request.ts'
import type { MiddlewareParts, RequestContext, RequestOutcome, ShownDecision } from './request-context.ts'
import { attachInfo } from './request-info.ts'
import { writeHeaders, writePolicies } from './response-headers.ts'

/**
 * The middleware of a limiter. The steps of a request, in this order: client, charge, store (`decide`), record,
 * respond (`finish`). With a synchronous store, and options that answer at once, all of them happen in one tick.
 */
export function createMiddleware<Req extends IncomingMessage, Res extends ServerResponse>(
  parts: MiddlewareParts<Req, Res>,
): (req: Req, res: Res, next: Next) => void {
  return function rateLimiter(req, res, next) {
    const record = requestRecordOf(req)
    if (record.hasCharged(parts.id)) {
      next()
      return
    }
    const context: RequestContext<Req, Res> = { req, res, next, record }
    let outcome: MaybePromise<RequestOutcome>
    try {
      outcome = decide(context, parts)
    } catch (error) {
      next(asError(error))
      return
    }
    if (!isPromiseLike(outcome)) {
      finish(context, outcome, parts)
      return
    }
    // Asked now and not when the outcome is known: a response that was begun meanwhile is another handler's answer.
    const begunBefore = hasBegun(res)
    outcome.then(
      (known) => finish(context, known, parts, begunBefore),
      (error: unknown) => next(asError(error)),
    )
  }
}

/** Finds the client, makes the charge, and asks the store. */
function decide<Req extends IncomingMessage, Res extends ServerResponse>(
  context: RequestContext<Req, Res>,
  parts: MiddlewareParts<Req, Res>,
): MaybePromise<RequestOutcome> {
  const { req, res } = context
  parts.checkOpen()
  // The client now, before anything is awaited: a socket that was reset meanwhile has no address any more.
  // The headers once: what Express has made of a request is slow to read.
  const { headers } = req
  const client = parts.resolveClient(req, headers)
  const listed = outcomeByLists(client, parts)
  if (listed !== undefined) return uncharged(listed, client, context, parts)
  const policyCharge = parts.composeCharge(req, res, client, headers)
  // A promise is made only where one is waited for.
  if (isPromiseLike(policyCharge))
    return chain(policyCharge, (known) => charge(known, client, context, parts))
  return charge(policyCharge, client, context, parts)
}

/** What the `denyList` and the `allowList` decide; undefined where the client is on neither. */
function outcomeByLists<Req extends IncomingMessage, Res extends ServerResponse>(
  client: Client,
  { settings }: MiddlewareParts<Req, Res>,
): 'denied' | 'unlimited' | undefined {
  const { denyList, allowList } = settings.client
  if (denyList === undefined && allowList === undefined) return undefined
  // Not before: an IPv4 address is parsed when it is read.
  const { address } = client
  // A client that resets its connection at once has no address, and must not get past the denyList that way.
  const isDenied = denyList !== undefined && (address === undefined || denyList.has(address))
  if (isDenied && settings.mode === 'enforce') return 'denied'
  return address !== undefined && allowList?.has(address) === true ? 'unlimited' : undefined
}

function charge<Req extends IncomingMessage, Res extends ServerResponse>(
  policyCharge: PolicyCharge | undefined,
  client: Client,
  context: RequestContext<Req, Res>,
  parts: MiddlewareParts<Req, Res>,
): MaybePromise<RequestOutcome> {
  return policyCharge === undefined
    ? uncharged('unlimited', client, context, parts)
    : parts.takeCharge(parts, policyCharge, context)
}

function uncharged<Req extends IncomingMessage, Res extends ServerResponse>(
  outcome: 'denied' | 'unlimited',
  { key }: Client,
  { record }: RequestContext<Req, Res>,
  { id, description }: MiddlewareParts<Req, Res>,
): 'denied' | 'unlimited' {
  if (decisionChannel.hasSubscribers && record.announceOnce(id)) {
    publishUncharged(outcome === 'denied' ? 'denied' : 'skipped', key, description)
  }
  return outcome
}

/** Answers a refused request, or hands the request on. Calls `next` outside of any `try`. */
function finish<Req extends IncomingMessage, Res extends ServerResponse>(
  context: RequestContext<Req, Res>,
  outcome: RequestOutcome,
  parts: MiddlewareParts<Req, Res>,
  hadBegun?: boolean,
): void {
  const { mode, refusal: settings } = parts.settings
  let refusal: Refusal | 'unavailable' | 'denied' | undefined
  try {
    refusal = showOutcome(context, outcome, parts)
  } catch (error) {
    context.next(asError(error))
    return
  }
  if (refusal === undefined || mode === 'shadow') context.next()
  else if (hadBegun ?? hasBegun(context.res)) context.res.destroy()
  else {
    const answering = answerable(context, parts)
    if (refusal === 'denied') refuseDenied(answering, settings)
    else if (refusal === 'unavailable') refuseUnavailable(answering, settings)
    else refuse(answering, settings, refusal)
  }
}

/** The context with a response that can carry the refusal: middleware of Socket.IO's engine gets one that cannot. */
function answerable<Req extends IncomingMessage, Res extends ServerResponse>(
  context: RequestContext<Req, Res>,
  { description: { headers } }: MiddlewareParts<Req, Res>,
): RequestContext<Req, Res> {
  const { req, res } = context
  if (isWholeResponse(res)) return context
  const whole = wholeResponseFor(
    req,
    res,
    headers.map(({ name }) => name),
  )
  return whole === undefined ? context : { ...context, res: whole as Res }
}

/** Records the outcome and shows it in the headers and on the request. Returns how the request is to be refused. */
function showOutcome<Req extends IncomingMessage, Res extends ServerResponse>(
  context: RequestContext<Req, Res>,
  outcome: RequestOutcome,
  parts: MiddlewareParts<Req, Res>,
): Refusal | 'unavailable' | 'denied' | undefined {
  if (typeof outcome === 'string') return outcome === 'denied' ? 'denied' : undefined
  const { req, res, record } = context
  const { formats, onStoreError, unit } = parts.settings
  if (parts.exposedNames !== undefined && req.headers.origin !== undefined && isWholeResponse(res)) {
    exposeHeaders(res, parts.exposedNames)
  }
  const shown = recordAnswer(context, outcome, parts)
  if (shown === undefined) {
    writePolicies(res, formats, record, outcome.policyCharge, unit, parts.now())
    return onStoreError === 'deny' ? 'unavailable' : undefined
  }
  const readInfo = attachInfo(req, record, parts.infoProperty, shown)
  writeHeaders(res, formats, record, shown)
  if (!shown.decision.allowed) return refusalOf(shown, readInfo)
  parts.followUp(context, shown, parts)
  return undefined
}

function refusalOf(
  { decision, policyCharge: { charge }, retryAfterMs, unit }: ShownDecision,
  readInfo: Refusal['readInfo'],
): Refusal {
  return { readInfo, violated: () => violatedBy(decision, charge.cost), retryAfterMs, unit }
}

/** The names of the limits that refused a charge. A ban refuses whatever the limits say, and is not one of them. */
function violatedBy({ limits, ban }: Decision, cost: number): string[] {
  if (ban !== undefined) return []
  return limits.filter(({ remaining }) => remaining < cost).map(({ name }) => name)
}

/** Whether the head of the response was sent too early: then the only way to refuse is to close the connection. */
function hasBegun(res: ServerResponse): boolean {
  return res.headersSent && !res.writableEnded
}
