import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'

/**
 * How well an endpoint is limited, from best to worst: `limited` is proven; `shadow` is proven, by a
 * limiter that counts and refuses nobody; `not-proven` may be limited or not; `unlimited` can be reached
 * with no limiter on the way.
 */
export type RouteState = 'limited' | 'shadow' | 'not-proven' | 'unlimited'

/**
 * What answers: `fallthrough` is the app's own 404, `options` a router's automatic answer to OPTIONS, `param`
 * a callback of `app.param` that runs before a mounted router or limiter, `ahead` middleware that runs before
 * any limiter.
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

/** One method of one path that can answer a request. */
export interface RouteEntry {
  /** Upper case, or `ALL`. `GET` stands for HEAD too where the route has no handler of its own for it. */
  readonly method: string
  /**
   * The path from the audited app or router on. Mounts end in `/*`, regular expressions are shown as
   * written, and a mount that this version of Express does not remember is `(unknown mount)`. Middleware
   * that runs before any limiter, and may answer though it is no route, is `(middleware name)`.
   */
  readonly path: string
  readonly kind: RouteKind
  /** The limiters proven to stand before it, in the order in which a request meets them. */
  readonly limiters: readonly LimiterDescription[]
  /** Their limits on reads; empty where the method is a write, or where nothing limits it. */
  readonly read: readonly LimitDescription[]
  /** Their limits on writes; empty where the method is a read, or where nothing limits it. */
  readonly write: readonly LimitDescription[]
  readonly state: RouteState
  /** Why it is in that state, in a sentence. */
  readonly why: string
}

/** What {@link auditRoutes} found. */
export interface RouteReport {
  /** In the order in which a request meets them. */
  readonly routes: readonly RouteEntry[]
}
