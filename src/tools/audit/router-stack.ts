import { rejectOption } from '../../errors/option-checks.ts'

/** A function in a stack: middleware, a handler, an error handler, or a router. */
export interface StackFunction {
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

/** One entry of a router's stack, with the fields that Express 4 and Express 5 show. */
export interface Layer {
  readonly handle: StackFunction
  readonly route?: RouteLike | undefined
  /** Set on the layers inside a route: lower case, or undefined for `all`. */
  readonly method?: string | undefined
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean; readonly fast_star?: boolean }
  /** Express 4: the parameters of `regexp`. */
  readonly keys?: readonly { readonly name: string | number }[]
  /** Express 5. */
  readonly matchers?: readonly ((path: string) => LayerMatch | false)[]
  /** Express 5: mounted at `/`, so that it matches everything. */
  readonly slash?: boolean
  /** The paths as given, from router 2.3 (Express 5.3) on. */
  readonly rawPath?: unknown
}

/** What `router.route(path)` returns. */
export interface RouteLike {
  readonly path: unknown
  readonly stack: readonly Layer[]
  readonly methods: Readonly<Record<string, boolean>>
}

/** A router of Express 4 or 5. */
export interface RouterLike extends StackFunction {
  readonly stack: readonly Layer[]
  readonly params?: Readonly<Record<string, unknown>>
  readonly caseSensitive?: boolean
  readonly strict?: boolean
}

/** Whether a function is a router of Express. The stacks of other frameworks hold no layers like these. */
export function isRouter(candidate: unknown): candidate is RouterLike {
  if (typeof candidate !== 'function') return false
  const { stack } = candidate as StackFunction
  return Array.isArray(stack) && stack.every(isLayer)
}

function isLayer(candidate: Partial<Layer> | null): boolean {
  if (typeof candidate?.handle !== 'function') return false
  return typeof candidate.regexp?.exec === 'function' || Array.isArray(candidate.matchers)
}

/** An app of Express 4, which creates its router at the first `use`, or of Express 5, at the first access. */
interface AppLike {
  readonly lazyrouter?: unknown
  readonly _router?: unknown
  readonly router?: unknown
}

/** The router of an app; undefined for everything else, for routers too. */
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
  return rejectOption(
    'app',
    app,
    'must be an Express 4 or 5 app, a router, or a server of node:http or node:https',
    'Give what express(), express.Router() or app.listen() returned.',
  )
}
