import { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/** A function in a stack: middleware, a handler, an error handler, or a router. */
export interface Handle {
  readonly name?: string
  readonly length?: number
  readonly stack?: unknown
  readonly handle?: unknown
}

/** What a layer's matcher of Express 5 answers. */
export interface LayerMatch {
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
}

/** One entry of a router's stack, as far as Express 4 and Express 5 give it away. */
export interface Layer {
  readonly handle: Handle
  readonly route?: RouteLike | undefined
  /** Set on the layers of a route: lower case, or undefined for `all`. */
  readonly method?: string | undefined
  /** Express 4 */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean; readonly fast_star?: boolean }
  /** Express 4 */
  readonly keys?: readonly { readonly name: string | number }[]
  /** Express 5 */
  readonly matchers?: readonly ((path: string) => LayerMatch | false)[]
  /** Express 5: mounted at `/`, so that it matches everything. */
  readonly slash?: boolean
  /** From router 2.3 on, which Express 5.3 came with. */
  readonly rawPath?: unknown
}

/** What `router.route(path)` returns. */
export interface RouteLike {
  readonly path: unknown
  readonly stack: readonly Layer[]
  readonly methods: Readonly<Record<string, boolean>>
}

/** A router of Express 4 or 5. */
export interface RouterLike extends Handle {
  readonly stack: readonly Layer[]
  readonly params?: Readonly<Record<string, unknown>>
  readonly caseSensitive?: boolean
  readonly strict?: boolean
}

/** Whether a function is a router whose stack can be read; other frameworks have stacks of other things. */
export function isRouter(candidate: unknown): candidate is RouterLike {
  if (typeof candidate !== 'function') return false
  const { stack } = candidate as Handle
  return Array.isArray(stack) && stack.every(isLayer)
}

function isLayer(candidate: Partial<Layer> | null): boolean {
  if (typeof candidate?.handle !== 'function') return false
  return typeof candidate.regexp?.exec === 'function' || Array.isArray(candidate.matchers)
}

/** An app of either version; Express 4 makes its router at the first use, Express 5 at the first look. */
interface AppLike {
  readonly lazyrouter?: unknown
  readonly _router?: unknown
  readonly router?: unknown
}

/** The router of an app; undefined for everything else, routers included. */
export function routerOfApp(candidate: unknown): RouterLike | undefined {
  if (typeof candidate !== 'function') return undefined
  const app = candidate as AppLike
  // In this order: reading `router` of an Express 4 app throws.
  if (isRouter(app._router)) return app._router
  if (typeof app.lazyrouter === 'function') return Object.assign(() => undefined, { stack: [] })
  return isRouter(app.router) ? app.router : undefined
}

/**
 * The router of an app, or the router itself.
 *
 * @throws RateLimiterError `invalid_option` for anything that is neither
 */
export function routerOf(app: unknown): { readonly router: RouterLike; readonly isApp: boolean } {
  if (isRouter(app)) return { router: app, isApp: false }
  const router = routerOfApp(app)
  if (router !== undefined) return { router, isApp: true }
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'app',
    value: app,
    problem: 'must be an Express 4 or 5 app, or a router',
    remedy: 'Pass what express() or express.Router() returned.',
  })
}
