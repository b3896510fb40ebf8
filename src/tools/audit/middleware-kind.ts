import { describeLimiter } from '../../limits/limiter-description.ts'
import { type Handle, isRouter, routerOfApp } from './router-stack.ts'

/**
 * What a function in a stack is. `internal` is Express 4's own, `passing` middleware hands requests on by
 * its nature, and `answering` has no `next` to hand them on with.
 */
export type MiddlewareKind =
  | 'limiter'
  | 'router'
  | 'error-handler'
  | 'sub-app'
  | 'static'
  | 'internal'
  | 'passing'
  | 'answering'
  | 'middleware'

/** By the names of their functions, which is all that Express shows of them. */
const KIND_BY_NAME: Readonly<Record<string, MiddlewareKind>> = {
  mounted_app: 'sub-app',
  serveStatic: 'static',
  jsonParser: 'passing',
  urlencodedParser: 'passing',
  rawParser: 'passing',
  textParser: 'passing',
  cookieParser: 'passing',
  compression: 'passing',
  helmetMiddleware: 'passing',
  logger: 'passing',
}

/** Tells what a handle is that was given to `use` or to a route. */
export function middlewareKind(handle: Handle): MiddlewareKind {
  if (describeLimiter(handle) !== undefined) return 'limiter'
  // An app given to a router, and not to another app, is not wrapped and can be seen.
  if (isRouter(handle) || routerOfApp(handle) !== undefined) return 'router'
  if ((handle.length ?? 0) > 3) return 'error-handler'
  if (isForeignApp(handle)) return 'sub-app'
  const name = handle.name ?? ''
  if (Object.hasOwn(KIND_BY_NAME, name)) return KIND_BY_NAME[name] ?? 'middleware'
  return (handle.length ?? 0) < 3 ? 'answering' : 'middleware'
}

/** An app or router of another framework, such as connect: it answers, and how is not known. */
function isForeignApp(handle: Handle): boolean {
  return Array.isArray(handle.stack) || typeof handle.handle === 'function'
}

/** The two functions that Express 4 puts first into every app. */
export function isExpress4Internal(handle: Handle, index: number): boolean {
  return (index === 0 && handle.name === 'query') || (index === 1 && handle.name === 'expressInit')
}

/** A name to call a function by. */
export function nameOf(handle: Handle): string {
  return handle.name === undefined || handle.name === '' ? '(anonymous)' : handle.name
}

/** Whether a function's own source holds what `next` takes for leaving the router before its end. */
export function leavesRouter(handle: Handle): boolean {
  return typeof handle === 'function' && /['"`]router['"`]/.test(Function.prototype.toString.call(handle))
}

/**
 * Whether a function assigns to the path or the method of a request, as far as its own source shows. One
 * whose source cannot be read, native or bound, may well do so.
 *
 * Finds url rewriters and method overrides written in the open; what such a function calls is not looked
 * into, and no audit from outside can know it.
 */
export function rewritesRequests(handle: Handle): boolean {
  if (typeof handle !== 'function') return false
  const source = Function.prototype.toString.call(handle)
  if (source.includes('[native code]')) return true
  return /(?:\.|\[['"`])(?:url|method)(?:['"`]\])?\s*=(?!=)/.test(source)
}
