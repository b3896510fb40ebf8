/*
 * What the guard of a server needs of the Express app behind it: to recognise the app, to prepare requests as the app
 * does, and to hand it an error.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** What `limiter.guard` takes for the Express app: any app of Express 4 or 5 fits, without its types. */
export type GuardedApp = (...args: never) => unknown

/** A layer of a router, as far as it is used here. */
interface Layer {
  readonly name?: string
  readonly match: (path: string) => unknown
}

interface Router {
  readonly stack: readonly Layer[]
}

/** The prototypes that an Express app gives to requests and responses, with its settings and methods such as `req.get`. */
export interface ExpressApp {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void
  readonly request: object
  readonly response: object
  /** The router of Express 5. In Express 4 it cannot be read. */
  readonly router?: Router
  /** The router of Express 4; undefined until a route is added. */
  readonly _router?: Router
}

/** Whether something is an app of Express 4 or 5. A router, and an app of connect, have no prototypes of requests. */
export function isExpressApp(candidate: unknown): candidate is ExpressApp {
  if (typeof candidate !== 'function') return false
  const { handle, request, response } = candidate as Partial<ExpressApp>
  return typeof handle === 'function' && typeof request === 'object' && typeof response === 'object'
}

/** The Express app that is a request listener of the server. An app that a function calls is not found. */
export function appOf(server: Server): ExpressApp | undefined {
  return server.listeners('request').find((listener) => isExpressApp(listener)) as ExpressApp | undefined
}

/**
 * Gives the request and the response the prototypes of the app, as Express does with the requests that it handles.
 * So the app's `trust proxy` counts here too, and functions among the options find `req.get`, `res.status` and `res.locals`.
 */
export function applyAppPrototypes(
  req: IncomingMessage,
  res: ServerResponse,
  { request, response }: ExpressApp,
): void {
  Object.setPrototypeOf(req, request)
  Object.setPrototypeOf(res, response)
  Object.assign(req, { res })
  Object.assign(res, { req, locals: Object.create(null) })
}

/**
 * Lets the error handlers of the app answer a request, as if its first middleware had passed the error to `next`: no
 * other middleware and no route runs, and without an error handler Express answers.
 *
 * @returns false where the app has no router yet, and so no error handler
 */
export function failInApp(
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  app: ExpressApp,
): boolean {
  const router = routerOf(app)
  if (router === undefined) return false
  const { stack } = router
  // A router takes an error that a layer throws while it is matched for an error of the layers before it.
  const failing: Layer = {
    match: () => {
      throw error
    },
  }
  // In Express 4 the first layers prepare each request, up to this one.
  const first = stack.findIndex(({ name }) => name === 'expressInit') + 1
  const value = Object.create(router, { stack: { value: stack.toSpliced(first, 0, failing) } })
  const failingApp = Object.create(app, { router: { value }, _router: { value } }) as ExpressApp
  Reflect.apply(app.handle, failingApp, [req, res])
  return true
}

function routerOf(app: ExpressApp): Router | undefined {
  // The getter of Express 4 throws. Only that version has this method.
  if ('lazyrouter' in app) return app._router
  return Array.isArray(app.router?.stack) ? app.router : undefined
}
