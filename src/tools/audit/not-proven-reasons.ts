// Every reason for which the audit answers "not-proven", in three groups: facts about a limiter that the scan
// of the stacks finds, facts about a limiter and an endpoint that their comparison finds, and facts about an
// endpoint alone. In these texts "it" and "this route" are the endpoint that the line of the report lists.

import { planWithoutLimit } from '../../limits/limiter-description.ts'
import type { ReadOrWrite } from '../../limits/request-class.ts'
import type { Endpoint } from './endpoint.ts'
import { coversRoutePath } from './path-coverage.ts'
import type { PlacedLimiter } from './placed-limiter.ts'

// 1. The scan stores these as `notProvenReason` of a PlacedLimiter.

export function paramCallbackReason(limiterName: string, paramName: string | undefined): string | undefined {
  if (paramName === undefined) return undefined
  return `The callback of param '${paramName}' runs before limiter '${limiterName}' and may answer.`
}

export function earlierHandlerReason(limiterName: string, handlerName: string): string {
  return `Handler ${handlerName} of the same route runs before limiter '${limiterName}' and may answer.`
}

/** For a limiter in an earlier route, which holds other handlers before the limiter. */
export function leftRouteReason(limiterName: string): string {
  return `Handlers before limiter '${limiterName}' in its route may leave that route before the limiter runs.`
}

export function errorHandlerReason(limiterName: string, handlerName: string): string {
  const cause = `After an error before limiter '${limiterName}'`
  return `${cause}, error handler ${handlerName} can let the request continue without the limiter.`
}

// 2. The verdict asks for these, with one limiter and one endpoint.

/** Why a limiter may not run before an endpoint; undefined when it is proven to run before it. */
export function whyNotBefore(limiter: PlacedLimiter, endpoint: Endpoint): string | undefined {
  if (!endpoint.requestMethods.every(limiter.runsForMethod)) return otherMethodsReason(limiter)
  if (limiter.notProvenReason !== undefined) return limiter.notProvenReason
  const { routerLeaver, depth, rewriter, pattern, description } = limiter
  if (routerLeaver !== undefined && depth === endpoint.endOfRouterAtDepth) {
    const cause = `Function ${routerLeaver} runs before limiter '${description.name}'`
    return `${cause} and can send requests to the end of the router.`
  }
  const isInEarlierRoute = pattern?.matchesWholePath === true
  if (isInEarlierRoute && rewriter !== undefined) return rewriterReason(limiter, rewriter)
  if (coversRoutePath(limiter, endpoint.routePath)) return undefined
  if (rewriter !== undefined) return rewriterReason(limiter, rewriter)
  return uncoveredPathReason(limiter, endpoint)
}

/**
 * Why a limiter that limits requests of this class and method does not prove that the endpoint is limited;
 * undefined when it proves that.
 */
export function whyNotProven(
  limiter: PlacedLimiter,
  endpoint: Endpoint,
  readOrWrite: ReadOrWrite,
  trustSkip: boolean,
): string | undefined {
  const reason = whyNotBefore(limiter, endpoint)
  if (reason !== undefined) return reason
  const { name, read, write, classifiedBy, canSkip } = limiter.description
  const limitsOneClass = read === false || write === false
  if (limitsOneClass && classifiedBy === 'function') {
    return `Limiter '${name}' limits one class only, and its classify function decides the class of requests.`
  }
  if (limitsOneClass && limiter.rewriter !== undefined) return rewriterReason(limiter, limiter.rewriter)
  const hasOneBudget = !limitsOneClass && [...read, ...write].every(({ allMethods }) => allMethods)
  const changer = limitsOneClass || hasOneBudget ? undefined : methodChangerAfter(limiter, endpoint)
  if (classifiedBy === 'method' && changer !== undefined) return methodChangerReason(name, changer)
  if (canSkip && !trustSkip) {
    return `The skip function of limiter '${name}' can exempt requests.`
  }
  const unlimitedPlan = trustSkip ? undefined : planWithoutLimit(limiter.description, readOrWrite)
  if (unlimitedPlan !== undefined) {
    return `Plan '${unlimitedPlan}' of limiter '${name}' does not limit ${readOrWrite}s (the option trustSkip accepts this).`
  }
  return undefined
}

/** A limiter of reads and writes charges a request once, where it meets it first. So all places of the limiter count. */
function methodChangerAfter({ description }: PlacedLimiter, { limiters }: Endpoint): string | undefined {
  const sameLimiter = limiters.filter((one) => one.description === description)
  return sameLimiter.find(({ methodChanger }) => methodChanger !== undefined)?.methodChanger
}

function methodChangerReason(limiterName: string, functionName: string): string {
  const cause = `Function ${functionName} runs after limiter '${limiterName}' and changes the method`
  return `${cause}, so a write can be charged as a read. Mount it before the limiter.`
}

export function otherMethodsReason({ description }: PlacedLimiter): string {
  return `Limiter '${description.name}' runs only for other methods.`
}

function rewriterReason({ description }: PlacedLimiter, rewriter: string): string {
  const cause = `Function ${rewriter} runs between limiter '${description.name}' and this route`
  return `${cause}, and may change the path or the method of requests.`
}

function uncoveredPathReason({ pattern, description }: PlacedLimiter, { routePath }: Endpoint): string {
  const mountPaths = pattern?.alternatives.map(({ displayPath }) => displayPath).join(', ') ?? '/'
  const patterns = [pattern, ...routePath.map((step) => step.pattern)]
  const hint = patterns.some((one) => one?.isMatcherOnly === true)
    ? ' This version of Express does not keep mount paths. Express 5.3 keeps them.'
    : ''
  const mount = `Limiter '${description.name}' is mounted on ${mountPaths}.`
  return `${mount} Some requests for this route may not reach the limiter.${hint}`
}

// 3. These depend on the endpoint alone.

export const SELF_MOUNTED_ROUTER_REASON =
  'This router is mounted in itself, so the list of its routes has no end.'

/** For a router's automatic answer to OPTIONS, with the reason why no limiter is proven to run before it. */
export function automaticOptionsReason(reason: string): string {
  return `The router itself answers OPTIONS at its end. ${reason}`
}

/** For a mounted app, with the reason why no limiter is proven to run before it. */
export function subAppReason(reason: string): string {
  return `${reason} The audit cannot see inside the mounted app: call auditRoutes with that app itself.`
}

/** For a listener of a server, with the reason why no guard is proven to limit it. */
export function listenerReason(reason: string): string {
  return `${reason} The audit cannot see inside this listener: call limiter.guard(server, app).`
}

/** For a server whose listener may pass requests on to an app which the audit does not know. */
export const UNKNOWN_APP =
  'A listener of the server may call an Express app. Give the app to list its routes: auditRoutes(server, { app }).'
