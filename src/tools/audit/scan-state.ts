import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { EarlyMiddlewareList } from './early-middleware.ts'
import type { LayerPattern } from './layer-pattern.ts'
import { canChangeMethod, canEndError, canRewriteRequests, functionName } from './middleware-kind.ts'
import { errorHandlerReason } from './not-proven-reasons.ts'
import { paramCallbackFor } from './param-callback.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import type { RoutePath } from './route-path.ts'
import type { RouteEntry } from './route-report.ts'
import type { RouterLike, StackFunction } from './router-stack.ts'

/** One call of the audit: its option, and what it has found so far. */
export interface AuditRun {
  readonly trustSkip: boolean
  readonly entries: RouteEntry[]
  readonly early: EarlyMiddlewareList
}

/** Where a router is mounted. */
export interface RouterLocation {
  readonly routePath: RoutePath
  /** The path of the mount as the report shows it: `/api/v1`, empty at the top. */
  readonly displayPath: string
  /** The name of a parameter whose callback runs before a request enters this router. */
  readonly paramCallback: string | undefined
  /** The routers around this one. A router that is mounted in itself is not scanned again. */
  readonly outerRouters: readonly RouterLike[]
}

/** How far the scan of one router's stack has come. The current layer is the one that the scan looks at. */
export interface ScanState {
  readonly router: RouterLike
  readonly location: RouterLocation
  /** The index of this router in the route paths of its endpoints; 0 is the outermost router. */
  readonly depth: number
  /** The limiters before the current layer, in this router and in the routers around it. */
  readonly limiters: PlacedLimiter[]
  /** The limiters that every request to this router meets before anything else. */
  readonly firstLimiters: LimiterDescription[]
  /**
   * Every request that no limiter refuses gets from the start of this router to the current layer. So far
   * there are only limiters and error handlers: nothing raised an error, and no request left the router.
   */
  everyRequestArrives: boolean
  /** The name of the last function that may change the path or the method of requests. */
  rewriter: string | undefined
  /** The name of the last function that is known to change the method. */
  methodChanger: string | undefined
  /** The name of the first function that may let requests leave the router before its end. */
  routerLeaver: string | undefined
  /** Routes that look limited, by their paths, for which the router itself answers OPTIONS at its end. */
  readonly automaticOptions: Map<string, RoutePath>
}

/**
 * The state before the first layer of a router.
 *
 * @param limiters those that come before the router
 */
export function startScan(
  router: RouterLike,
  location: RouterLocation,
  limiters: readonly PlacedLimiter[],
): ScanState {
  return {
    router,
    location,
    depth: location.routePath.length,
    limiters: [...limiters],
    firstLimiters: [],
    everyRequestArrives: true,
    rewriter: undefined,
    methodChanger: undefined,
    routerLeaver: undefined,
    automaticOptions: new Map(),
  }
}

/** The name of a parameter whose callback runs before a layer, in this router or before it. */
export function paramCallbackBefore(
  { location, router }: ScanState,
  pattern: LayerPattern,
): string | undefined {
  return location.paramCallback ?? paramCallbackFor(router, pattern)
}

/**
 * Notes an error handler in this router: it may let a request continue that skipped limiters of the router.
 */
export function noteErrorHandler({ limiters, depth }: ScanState, errorHandler: StackFunction): void {
  if (!canEndError(errorHandler)) return
  const handlerName = functionName(errorHandler)
  for (const limiter of limiters) {
    if (limiter.depth === depth && limiter.isSkippedAfterError) {
      limiter.notProvenReason ??= errorHandlerReason(limiter.description.name, handlerName)
    }
  }
}

/** Notes what functions in this router may do with a request after the limiters so far. */
export function noteRewriters(state: ScanState, functions: readonly StackFunction[]): void {
  const [rewriter, methodChanger] = [functions.find(canRewriteRequests), functions.find(canChangeMethod)]
  if (rewriter !== undefined) noteRewriter(state, functionName(rewriter))
  if (methodChanger !== undefined) noteMethodChanger(state, functionName(methodChanger))
}

/** Notes what functions in a router that is mounted in this one may do. */
export function noteRewritersOf(inner: ScanState, state: ScanState): void {
  if (inner.rewriter !== undefined) noteRewriter(state, inner.rewriter)
  if (inner.methodChanger !== undefined) noteMethodChanger(state, inner.methodChanger)
}

function noteRewriter(state: ScanState, name: string): void {
  state.rewriter = name
  for (const limiter of state.limiters) {
    limiter.rewriteDepth = Math.min(limiter.rewriteDepth ?? state.depth, state.depth)
    limiter.rewriter ??= name
  }
}

function noteMethodChanger(state: ScanState, name: string): void {
  state.methodChanger = name
  for (const limiter of state.limiters) limiter.methodChanger ??= name
}
