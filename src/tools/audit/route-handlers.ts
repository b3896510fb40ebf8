import { METHODS } from 'node:http'
import { describeLimiter } from '../../limits/limiter-description.ts'
import { middlewareKind } from './middleware-kind.ts'
import type { RouteLike, StackFunction } from './router-stack.ts'

/** Means every method that no handler of a route names. */
export const OTHER_METHOD = '*'

/** The handlers of a route that run for a request with this method, without the error handlers. */
export function handlersFor(route: RouteLike, method: string): readonly StackFunction[] {
  const name = method === OTHER_METHOD && isForAll(route) ? 'get' : method.toLowerCase()
  const handledAs = name === 'head' && route.methods.head !== true ? 'get' : name
  return route.stack
    .filter((layer) => layer.method === undefined || layer.method === handledAs)
    .map((layer) => layer.handle)
    .filter((handler) => middlewareKind(handler) !== 'error-handler')
}

/** Whether `app.all` made the route: it adds the same handlers once for each method that Node has. */
export function isForAll({ stack, methods }: RouteLike): boolean {
  if (!METHODS.every((method) => methods[method.toLowerCase()] === true)) return false
  const handlersOf = (method: string): readonly StackFunction[] =>
    stack.filter((layer) => layer.method === undefined || layer.method === method).map(({ handle }) => handle)
  const first = handlersOf('get')
  return METHODS.every((method) => {
    const own = handlersOf(method.toLowerCase())
    return own.length === first.length && own.every((handler, index) => handler === first[index])
  })
}

/**
 * The methods under which the report lists a route: `ALL` first, then the named ones in the order of the
 * route.
 */
export function methodsOf(route: RouteLike): readonly string[] {
  if (isForAll(route)) return ['ALL']
  const named = Object.keys(route.methods).filter((method) => method !== '_all')
  const all = route.methods._all === true ? ['ALL'] : []
  return [...all, ...named.map((method) => method.toUpperCase())]
}

/** The methods of the requests that a listed method (`GET`, `ALL`) can be. */
export function requestMethods(method: string, route?: RouteLike): readonly string[] {
  if (method === 'ALL') return [OTHER_METHOD]
  return method === 'GET' && route?.methods.head !== true ? ['GET', 'HEAD'] : [method]
}

/**
 * Whether a limiter runs for requests of this method before every handler of the route that is no limiter.
 */
export function runsFirst(route: RouteLike, limiter: StackFunction, method: string): boolean {
  return methodsToCheck(route, method).every((name) => {
    const handlers = handlersFor(route, name)
    const firstOther = handlers.findIndex((handler) => describeLimiter(handler) === undefined)
    const limiters = firstOther === -1 ? handlers : handlers.slice(0, firstOther)
    return limiters.includes(limiter)
  })
}

/** Whether a limiter is among the handlers that the route has for requests of this method. */
export function runsSomewhere(route: RouteLike, limiter: StackFunction, method: string): boolean {
  return methodsToCheck(route, method).every((name) => handlersFor(route, name).includes(limiter))
}

/** For {@link OTHER_METHOD} every method must be checked: a route can have handlers for some of them. */
function methodsToCheck(route: RouteLike, method: string): readonly string[] {
  if (method !== OTHER_METHOD) return [method]
  return [OTHER_METHOD, 'head', ...Object.keys(route.methods).filter((name) => name !== '_all')]
}
