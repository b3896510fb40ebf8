import { describeLimiter, type LimiterDescription } from '../../limits/limiter-description.ts'
import { joinMountPath } from './display-path.ts'
import type { Endpoint } from './endpoint.ts'
import { type LayerPattern, matchCannotFail, type PathPattern, patternOf } from './layer-pattern.ts'
import { canLeaveRouter, functionName, isExpress4Internal, middlewareKind } from './middleware-kind.ts'
import {
  automaticOptionsReason,
  paramCallbackReason,
  SELF_MOUNTED_ROUTER_REASON,
} from './not-proven-reasons.ts'
import { paramCallbackFor } from './param-callback.ts'
import { placeLimiter } from './placed-limiter.ts'
import { OTHER_METHOD } from './route-handlers.ts'
import type { RouteKind } from './route-report.ts'
import { isRouter, type Layer, type RouterLike, routerOfApp, type StackFunction } from './router-stack.ts'
import { scanRoute } from './scan-route.ts'
import {
  type AuditRun,
  noteErrorHandler,
  noteRewriters,
  noteRewritersOf,
  paramCallbackBefore,
  type ScanState,
  startScan,
} from './scan-state.ts'
import { routeEntry } from './verdict.ts'

/**
 * Scans a router's stack in the order in which a request meets its layers.
 *
 * @param listsOptions whether the router's automatic answer to OPTIONS is an endpoint of its own. At the top
 *   of an app it is part of the 404.
 */
export function scanRouter(state: ScanState, run: AuditRun, listsOptions: boolean): void {
  for (const [index, layer] of state.router.stack.entries()) {
    if (isExpress4Internal(layer.handle, index)) continue
    const pattern = patternOf(layer, state.router)
    const laterLimiter = laterLimiterName(state.router, index)
    const { route, handle } = layer
    if (route !== undefined) scanRoute(state, { pattern, laterLimiter, route }, run)
    else scanMount(state, { pattern, laterLimiter, mounted: handle }, run)
  }
  if (listsOptions) listAutomaticOptions(state, run)
}

/** The name of a limiter for all paths that comes after a layer in the same router. */
function laterLimiterName({ stack }: RouterLike, index: number): string | undefined {
  const isForAllPaths = ({ slash, regexp }: Layer): boolean => slash === true || regexp?.fast_slash === true
  const later = stack
    .slice(index + 1)
    .find((layer) => isForAllPaths(layer) && middlewareKind(layer.handle) === 'limiter')
  return describeLimiter(later?.handle)?.name
}

/** A layer that `use` added. */
interface Mount {
  readonly mounted: StackFunction
  readonly pattern: LayerPattern
  /** The name of a limiter for all paths that comes later in the same router. */
  readonly laterLimiter: string | undefined
}

function scanMount(state: ScanState, mount: Mount, run: AuditRun): void {
  const { mounted, pattern } = mount
  const kind = middlewareKind(mounted)
  const isUnlisted = ['limiter', 'router', 'passing', 'overriding'].includes(kind)
  const hasCallback = paramCallbackFor(state.router, pattern) !== undefined
  if (isUnlisted && hasCallback) listMount(state, mount, 'param', run)
  const description = describeLimiter(mounted)
  if (description !== undefined) {
    addLimiter(state, pattern, description)
    return
  }
  const router = isRouter(mounted) ? mounted : routerOfApp(mounted)
  if (router !== undefined) scanMountedRouter(state, mount, router, run)
  else if (kind === 'error-handler') noteErrorHandler(state, mounted)
  else if (kind === 'sub-app' || kind === 'static') listMount(state, mount, kind, run)
  else if (kind === 'answering' || (kind === 'middleware' && !pattern.matchesEverything)) {
    listMount(state, mount, 'middleware', run)
  } else if (kind !== 'overriding') noteEarlyMiddleware(state, mount, run)
  if (router === undefined) noteRewriters(state, [mounted])
  if (router === undefined && canLeaveRouter(mounted)) state.routerLeaver ??= functionName(mounted)
  state.everyRequestArrives &&= kind === 'error-handler' && matchCannotFail(pattern)
}

function addLimiter(state: ScanState, pattern: LayerPattern, description: LimiterDescription): void {
  const callback = paramCallbackBefore(state, pattern)
  const matchIsSafe = matchCannotFail(pattern)
  const { depth, routerLeaver, everyRequestArrives } = state
  state.limiters.push(
    placeLimiter({
      description,
      depth,
      pattern,
      isSkippedAfterError: !(everyRequestArrives && matchIsSafe),
      routerLeaver,
      notProvenReason: paramCallbackReason(description.name, callback),
    }),
  )
  const everyRequestMeetsIt = everyRequestArrives && pattern.matchesEverything && matchIsSafe
  if (everyRequestMeetsIt && callback === undefined) state.firstLimiters.push(description)
  state.everyRequestArrives &&= matchIsSafe
}

function scanMountedRouter(state: ScanState, { pattern }: Mount, router: RouterLike, run: AuditRun): void {
  const { location } = state
  const outerRouters = [...location.outerRouters, state.router]
  if (outerRouters.includes(router)) {
    listSelfMountedRouter(state, pattern, run)
    return
  }
  const paramCallback = paramCallbackBefore(state, pattern)
  const inners: ScanState[] = []
  for (const path of pattern.alternatives) {
    const routePath = [...location.routePath, { pattern, path }]
    const displayPath = joinMountPath(location.displayPath, path)
    const inner = startScan(router, { routePath, displayPath, paramCallback, outerRouters }, state.limiters)
    scanRouter(inner, run, true)
    inners.push(inner)
  }
  // Every request that came through the inner router met these: they come before the later layers here too.
  for (const description of inners.at(-1)?.firstLimiters ?? []) addLimiter(state, pattern, description)
  // After these limiters: what the inner router did to a request came after them.
  for (const inner of inners) noteRewritersOf(inner, state)
}

function listSelfMountedRouter({ location }: ScanState, pattern: LayerPattern, run: AuditRun): void {
  for (const path of pattern.alternatives) {
    run.entries.push({
      method: 'ALL',
      path: `${joinMountPath(location.displayPath, path)}/*`,
      kind: 'middleware',
      limiters: [],
      inDoubt: [],
      read: [],
      write: [],
      state: 'not-proven',
      why: SELF_MOUNTED_ROUTER_REASON,
    })
  }
}

function endpointAt(
  { location, limiters }: ScanState,
  { mounted, pattern, laterLimiter }: Mount,
  path: PathPattern,
  kind: RouteKind,
): Endpoint {
  const displayPath = `${joinMountPath(location.displayPath, path)}/*`
  const routePath = [...location.routePath, { pattern, path }]
  const common = { method: 'ALL', path: displayPath, kind, requestMethods: [OTHER_METHOD], routePath }
  const endpoint = { ...common, limiters, laterLimiter, handler: mounted }
  const isNamed = kind === 'static' || kind === 'middleware'
  return isNamed ? { ...endpoint, functionName: functionName(mounted) } : endpoint
}

function listMount(state: ScanState, mount: Mount, kind: RouteKind, run: AuditRun): void {
  for (const path of mount.pattern.alternatives) {
    run.entries.push(routeEntry(endpointAt(state, mount, path, kind), run.trustSkip))
  }
}

function noteEarlyMiddleware(state: ScanState, mount: Mount, run: AuditRun): void {
  for (const path of mount.pattern.alternatives) {
    const entry = routeEntry(endpointAt(state, mount, path, 'ahead'), run.trustSkip)
    if (entry.state === 'limited' || entry.state === 'shadow') continue
    const isForAllPaths = mount.pattern.matchesEverything && state.location.displayPath === ''
    const name = functionName(mount.mounted)
    const middleware = isForAllPaths ? { name } : { name, path: entry.path }
    run.early.add({ middleware, entry, laterLimiter: mount.laterLimiter }, run.entries.length)
  }
}

function listAutomaticOptions({ automaticOptions, depth, limiters }: ScanState, run: AuditRun): void {
  for (const [path, routePath] of automaticOptions) {
    const answer = { method: 'OPTIONS', path, kind: 'options', requestMethods: ['OPTIONS'] } as const
    const endpoint = { ...answer, endOfRouterAtDepth: depth, routePath, limiters }
    const entry = routeEntry(endpoint, run.trustSkip)
    if (entry.state === 'limited' || entry.state === 'shadow') continue
    run.entries.push({ ...entry, why: automaticOptionsReason(entry.why) })
  }
}
