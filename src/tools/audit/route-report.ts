import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'

/**
 * How well a route is limited, from best to worst. `limited`: a limiter is proven to run before it. `shadow`:
 * the same, but the limiter is in shadow mode, where it counts and refuses no request. `not-proven`: it may
 * be limited or not. `unlimited`: a request can reach it without a limiter. `excepted`: it would be one of the
 * last three, and the option `except` accepts it.
 */
export type RouteState = 'limited' | 'shadow' | 'not-proven' | 'unlimited' | 'excepted'

/**
 * What answers. `fallthrough` is the app's own 404. `options` is a router's automatic answer to OPTIONS.
 * `param` is a callback of `app.param` that runs before a mounted router or limiter. `ahead` is all middleware
 * that stands before one limiter, or before none. `listener` is a listener of an audited server that is no Express app.
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

/** A request that reaches a route around limiters of it. */
export interface LimiterBypass {
  /** Its method and its path: `POST /v1//auth/login`. The layers of the app themselves have matched this path. */
  readonly request: string
  /** The names of the limiters that do not run for it. */
  readonly limiters: readonly string[]
}

/** Middleware that no limiter is proven to run before. */
export interface EarlyMiddleware {
  /** The name of its function; `(anonymous)` where it has none. */
  readonly name: string
  /** Where it is mounted, such as `/api/*`. Absent where it runs for all paths. */
  readonly path?: string
}

/** One method of one path that can answer a request. */
export interface RouteEntry {
  /** Upper case, or `ALL`. `GET` includes HEAD where the route has no handler for HEAD. */
  readonly method: string
  /**
   * The path below the audited app or router. The path of a mount ends in `/*`. Regular expressions are shown
   * as written. A mount whose path this version of Express does not keep is `(unknown mount)`. The
   * middleware before a limiter is `(middleware before limiter 'default')`. A listener of a server is `(event listener name)`: `(upgrade listener)` where it has no name.
   */
  readonly path: string
  readonly kind: RouteKind
  /** The limiters that are proven to run before it, in the order in which a request meets them. */
  readonly limiters: readonly LimiterDescription[]
  /** The limiters that may run before it, and are not proven to. `why` has the reasons. */
  readonly inDoubt: readonly LimiterDescription[]
  /** The limits of `limiters` on reads. Empty where the method is a write, or where nothing limits reads. */
  readonly read: readonly LimitDescription[]
  /** The limits of `limiters` on writes. Empty where the method is a read, or where nothing limits writes. */
  readonly write: readonly LimitDescription[]
  readonly state: RouteState
  /** Why it is in that state, in one or more sentences. */
  readonly why: string
  /** A request that shows that limiters in doubt can be bypassed. Absent where none was found. */
  readonly bypass?: LimiterBypass
  /** Only of `kind` `ahead`: the middleware, in the order in which a request meets it. */
  readonly middleware?: readonly EarlyMiddleware[]
  /** The function that answers: the last handler of a route. Absent where Express answers, and of `kind` `ahead`. */
  readonly handler?: object
}

/** What `auditRoutes` found. */
export interface RouteReport {
  /** In the order in which a request meets them; listeners of a server first. */
  readonly routes: readonly RouteEntry[]
}
