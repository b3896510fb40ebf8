import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'

/**
 * How well a route is limited, from best to worst. `limited`: a limiter is proven to run before it. `shadow`:
 * the same, but the limiter is in shadow mode, where it counts and refuses no request. `not-proven`: it may
 * be limited or not. `unlimited`: a request can reach it without a limiter.
 */
export type RouteState = 'limited' | 'shadow' | 'not-proven' | 'unlimited'

/**
 * What answers. `fallthrough` is the app's own 404. `options` is a router's automatic answer to OPTIONS.
 * `param` is a callback of `app.param` that runs before a mounted router or limiter. `ahead` is middleware
 * that no limiter is proven to run before. `listener` is a listener of an audited server that is no Express app.
 */
export type RouteKind =
  | 'route'
  | 'static'
  | 'middleware'
  | 'ahead'
  | 'sub-app'
  | 'options'
  | 'fallthrough'
  | 'param'
  | 'listener'

/** One method of one path that can answer a request. */
export interface RouteEntry {
  /** Upper case, or `ALL`. `GET` includes HEAD where the route has no handler for HEAD. */
  readonly method: string
  /**
   * The path below the audited app or router. The path of a mount ends in `/*`. Regular expressions are shown
   * as written. A mount whose path this version of Express does not keep is `(unknown mount)`. Middleware
   * that no limiter is proven to run before, and that may answer though it is no route, is `(middleware
   * name)`. A listener of a server is `(event listener name)`: `(upgrade listener)` where it has no name.
   */
  readonly path: string
  readonly kind: RouteKind
  /** The limiters that are proven to run before it, in the order in which a request meets them. */
  readonly limiters: readonly LimiterDescription[]
  /** Their limits on reads. Empty where the method is a write, or where nothing limits reads. */
  readonly read: readonly LimitDescription[]
  /** Their limits on writes. Empty where the method is a read, or where nothing limits writes. */
  readonly write: readonly LimitDescription[]
  readonly state: RouteState
  /** Why it is in that state, in one or more sentences. */
  readonly why: string
}

/** What `auditRoutes` found. */
export interface RouteReport {
  /** In the order in which a request meets them; listeners of a server first. */
  readonly routes: readonly RouteEntry[]
}
