import { describeLimiter } from '../../limits/limiter-description.ts'
import {
  callbackDoubt,
  callbackFor,
  cannotFail,
  type Findings,
  joinPaths,
  type Level,
} from './audit-level.ts'
import { markRewrite, type PlacedLimiter, placeLimiter } from './guard.ts'
import type { LayerPattern } from './layer-pattern.ts'
import { leavesRouter, middlewareKind, nameOf, rewritesRequests } from './middleware-kind.ts'
import { handlersFor, methodsOf, requestMethods, runsFirst, runsLater } from './route-handlers.ts'
import type { RouteEntry, RouteKind } from './route-report.ts'
import type { Handle, Layer, RouteLike } from './router-stack.ts'
import { judgeRoute } from './verdict.ts'

/** A layer that holds a route. */
export interface RouteLayer {
  readonly layer: Layer
  readonly pattern: LayerPattern
  readonly later: string | undefined
  readonly route: RouteLike
}

/** Lists the methods and paths of a route, then lets its limiters stand before what follows. */
export function visitRoute(level: Level, found: RouteLayer, findings: Findings): void {
  const { route, pattern } = found
  const before = [...level.guards]
  for (const method of methodsOf(route)) {
    const entries = entriesFor(level, found, method, before, findings.trustSkip)
    findings.routes.push(...entries)
    const looksLimited =
      entries.length === 0 || entries.some(({ state }) => state === 'limited' || state === 'shadow')
    if (looksLimited && !answersOptions(route)) noteOptions(level, pattern)
  }
  addGuardsOf(level, found)
  const handles = route.stack.map(({ handle }) => handle)
  const leaver = handles.find(leavesRouter)
  if (leaver !== undefined) level.leaver ??= nameOf(leaver)
  const rewriter = handles.find(rewritesRequests)
  if (rewriter !== undefined) {
    level.rewriter = nameOf(rewriter)
    markRewrite(level.guards, level.depth, level.rewriter)
  }
  level.clean &&= cannotFail(pattern) && handles.every((handle) => describeLimiter(handle) !== undefined)
}

function noteOptions({ place, answersOptions: noted }: Level, pattern: LayerPattern): void {
  for (const path of pattern.alternatives) {
    noted.set(joinPaths(place.shown, path) || '/', [...place.way, { pattern, path }])
  }
}

function answersOptions({ methods }: RouteLike): boolean {
  return methods._all === true || methods.options === true
}

function entriesFor(
  level: Level,
  { route, pattern, later }: RouteLayer,
  method: string,
  before: readonly PlacedLimiter[],
  trustSkip: boolean,
): readonly RouteEntry[] {
  const handlers = handlersFor(route, method === 'ALL' ? '*' : method)
  // A route of limiters only answers nothing but refusals.
  const isGuardOnly = handlers.every((handle) => describeLimiter(handle) !== undefined)
  const callback = callbackFor(level.router, pattern)
  if (isGuardOnly && callback === undefined) return []
  const kind: RouteKind = isGuardOnly ? 'param' : 'route'
  const guards = [...before, ...guardsWithin(level, pattern, handlers)]
  // With a callback, HEAD comes this far whatever the route handles: Express runs the callback and goes on.
  const more = callback === undefined ? [] : ['HEAD']
  const methods = [...new Set([...requestMethods(method, route), ...more])]
  const common = { method, kind, requestMethods: methods, guards, later }
  return pattern.alternatives.map((path) => {
    const way = [...level.place.way, { pattern, path }]
    const shown = joinPaths(level.place.shown, path) || '/'
    return judgeRoute({ ...common, path: shown, way, alsoRead: callback !== undefined }, trustSkip)
  })
}

/** The limiters among a route's handlers; those after a handler that may answer are in doubt. */
function guardsWithin(
  level: Level,
  pattern: LayerPattern,
  handlers: readonly Handle[],
): readonly PlacedLimiter[] {
  const guards: PlacedLimiter[] = []
  const late = callbackDoubt(level, pattern)
  let earlier: Handle | undefined
  for (const handle of handlers) {
    const description = describeLimiter(handle)
    if (description !== undefined) {
      const doubt =
        earlier === undefined
          ? late
          : `handler ${nameOf(earlier)} of the same route runs before it, and may answer`
      guards.push(
        placeLimiter({
          description,
          depth: level.depth + 1,
          pattern: undefined,
          exposed: false,
          leftBy: undefined,
          doubt,
        }),
      )
    } else {
      if (middlewareKind(handle) === 'answering') break
      earlier ??= handle
    }
  }
  return guards
}

/** What later routes have behind them when their requests went through this one. */
function addGuardsOf(level: Level, { route, pattern }: RouteLayer): void {
  const exposed = !(level.clean && cannotFail(pattern))
  const late = callbackDoubt(level, pattern)
  for (const handle of new Set(route.stack.map((layer) => layer.handle))) {
    const description = describeLimiter(handle)
    if (description === undefined) continue
    const common = { description, depth: level.depth, pattern, exposed, leftBy: level.leaver }
    const first = (method: string): boolean => runsFirst(route, handle, method)
    level.guards.push(placeLimiter({ ...common, doubt: late, meets: first }))
    const doubt = 'handlers before it in its route may leave the route'
    const meets = (method: string): boolean => !first(method) && runsLater(route, handle, method)
    level.guards.push(placeLimiter({ ...common, doubt, meets }))
  }
}
