import { describeLimiter } from '../../limits/limiter-description.ts'
import { joinRoutePath } from './display-path.ts'
import { type LayerPattern, matchCannotFail } from './layer-pattern.ts'
import { canLeaveRouter, functionName, middlewareKind } from './middleware-kind.ts'
import { earlierHandlerReason, leftRouteReason, paramCallbackReason } from './not-proven-reasons.ts'
import { paramCallbackFor } from './param-callback.ts'
import { type PlacedLimiter, placeLimiter } from './placed-limiter.ts'
import {
  handlersFor,
  methodsOf,
  OTHER_METHOD,
  requestMethods,
  runsFirst,
  runsSomewhere,
} from './route-handlers.ts'
import type { RouteEntry, RouteKind } from './route-report.ts'
import type { RouteLike, StackFunction } from './router-stack.ts'
import { type AuditRun, noteRewriters, paramCallbackBefore, type ScanState } from './scan-state.ts'
import { routeEntry } from './verdict.ts'

/** A layer that holds a route. */
export interface RouteLayer {
  readonly route: RouteLike
  readonly pattern: LayerPattern
  /** The name of a limiter for all paths that comes later in the same router. */
  readonly laterLimiter: string | undefined
}

/** Lists the methods and paths of a route, then places its limiters before the layers that follow. */
export function scanRoute(state: ScanState, routeLayer: RouteLayer, run: AuditRun): void {
  const { route, pattern } = routeLayer
  const limitersBefore = [...state.limiters]
  for (const method of methodsOf(route)) {
    const entries = entriesFor(state, routeLayer, method, limitersBefore, run.trustSkip)
    run.entries.push(...entries)
    const looksLimited =
      entries.length === 0 || entries.some((entry) => entry.state === 'limited' || entry.state === 'shadow')
    if (looksLimited && !handlesOptions(route)) noteAutomaticOptions(state, pattern)
  }
  placeLimitersOf(state, routeLayer)
  const handlers = route.stack.map(({ handle }) => handle)
  const leaver = handlers.find(canLeaveRouter)
  if (leaver !== undefined) state.routerLeaver ??= functionName(leaver)
  noteRewriters(state, handlers)
  state.everyRequestArrives &&=
    matchCannotFail(pattern) && handlers.every((handler) => describeLimiter(handler) !== undefined)
}

function noteAutomaticOptions({ location, automaticOptions }: ScanState, pattern: LayerPattern): void {
  for (const path of pattern.alternatives) {
    const displayPath = joinRoutePath(location.displayPath, path) || '/'
    automaticOptions.set(displayPath, [...location.routePath, { pattern, path }])
  }
}

function handlesOptions({ methods }: RouteLike): boolean {
  return methods._all === true || methods.options === true
}

function entriesFor(
  state: ScanState,
  { route, pattern, laterLimiter }: RouteLayer,
  method: string,
  limitersBefore: readonly PlacedLimiter[],
  trustSkip: boolean,
): readonly RouteEntry[] {
  const handlers = handlersFor(route, method === 'ALL' ? OTHER_METHOD : method)
  const hasOnlyLimiters = handlers.every((handler) => describeLimiter(handler) !== undefined)
  const hasCallback = paramCallbackFor(state.router, pattern) !== undefined
  // A route that holds only limiters answers nothing but refusals.
  if (hasOnlyLimiters && !hasCallback) return []
  const kind: RouteKind = hasOnlyLimiters ? 'param' : 'route'
  const limiters = [...limitersBefore, ...limitersWithin(state, pattern, handlers)]
  // Express runs a param callback for HEAD requests too, whatever methods the route handles.
  const callbackMethods = hasCallback ? ['HEAD'] : []
  const methods = [...new Set([...requestMethods(method, route), ...callbackMethods])]
  const handler = handlers.at(-1)
  const common = { method, kind, requestMethods: methods, limiters, laterLimiter, handler }
  return pattern.alternatives.map((path) => {
    const routePath = [...state.location.routePath, { pattern, path }]
    const displayPath = joinRoutePath(state.location.displayPath, path) || '/'
    const endpoint = { ...common, path: displayPath, routePath, alsoAnswersHead: hasCallback }
    return routeEntry(endpoint, trustSkip)
  })
}

/** The limiters among a route's handlers; one after a handler that may answer is not proven. */
function limitersWithin(
  state: ScanState,
  pattern: LayerPattern,
  handlers: readonly StackFunction[],
): readonly PlacedLimiter[] {
  const limiters: PlacedLimiter[] = []
  const callback = paramCallbackBefore(state, pattern)
  let earlierHandler: StackFunction | undefined
  for (const handler of handlers) {
    const description = describeLimiter(handler)
    if (description === undefined) {
      if (middlewareKind(handler) === 'answering') break
      earlierHandler ??= handler
      continue
    }
    limiters.push(
      placeLimiter({
        description,
        depth: state.depth + 1,
        pattern: undefined,
        isSkippedAfterError: false,
        routerLeaver: undefined,
        notProvenReason:
          earlierHandler === undefined
            ? paramCallbackReason(description.name, callback)
            : earlierHandlerReason(description.name, functionName(earlierHandler)),
      }),
    )
  }
  return limiters
}

/** Places the limiters of a route before later routes, for the requests that matched this route too. */
function placeLimitersOf(state: ScanState, { route, pattern }: RouteLayer): void {
  const isSkippedAfterError = !(state.everyRequestArrives && matchCannotFail(pattern))
  const callback = paramCallbackBefore(state, pattern)
  for (const handler of new Set(route.stack.map(({ handle }) => handle))) {
    const description = describeLimiter(handler)
    if (description === undefined) continue
    const { depth, routerLeaver } = state
    const common = { description, depth, pattern, isSkippedAfterError, routerLeaver }
    const isFirst = (method: string): boolean => runsFirst(route, handler, method)
    state.limiters.push(
      placeLimiter({
        ...common,
        runsForMethod: isFirst,
        notProvenReason: paramCallbackReason(description.name, callback),
      }),
      placeLimiter({
        ...common,
        runsForMethod: (method) => !isFirst(method) && runsSomewhere(route, handler, method),
        notProvenReason: leftRouteReason(description.name),
      }),
    )
  }
}
