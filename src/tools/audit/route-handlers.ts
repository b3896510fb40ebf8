import { METHODS } from 'node:http'
import { describeLimiter } from '../../limits/limiter-description.ts'
import { middlewareKind } from './middleware-kind.ts'
import type { Handle, RouteLike } from './router-stack.ts'

/** Stands for every method that no handler of a route names. */
export const OTHER_METHOD = '*'

/** The handlers that a request with this method goes through in a route, error handlers aside. */
export function handlersFor(route: RouteLike, method: string): readonly Handle[] {
  const lower = method === OTHER_METHOD && isForAll(route) ? 'get' : method.toLowerCase()
  const answers = lower === 'head' && route.methods.head !== true ? 'get' : lower
  return route.stack
    .filter((layer) => layer.method === undefined || layer.method === answers)
    .map((layer) => layer.handle)
    .filter((handle) => middlewareKind(handle) !== 'error-handler')
}

/** `app.all` adds its handlers once for each method that Node knows: then all of them are the same. */
export function isForAll({ stack, methods }: RouteLike): boolean {
  if (!METHODS.every((method) => methods[method.toLowerCase()] === true)) return false
  const handlesOf = (method: string): readonly Handle[] =>
    stack.filter((layer) => layer.method === undefined || layer.method === method).map(({ handle }) => handle)
  const first = handlesOf('get')
  return METHODS.every((method) => {
    const own = handlesOf(method.toLowerCase())
    return own.length === first.length && own.every((handle, index) => handle === first[index])
  })
}

/** The methods to list a route under: `ALL` first, the named ones as they were added. */
export function methodsOf(route: RouteLike): readonly string[] {
  if (isForAll(route)) return ['ALL']
  const named = Object.keys(route.methods).filter((method) => method !== '_all')
  const all = route.methods._all === true ? ['ALL'] : []
  return [...all, ...named.map((method) => method.toUpperCase())]
}

/** The methods of the requests that a listed method stands for. */
export function requestMethods(method: string, route?: RouteLike): readonly string[] {
  if (method === 'ALL') return [OTHER_METHOD]
  return method === 'GET' && route?.methods.head !== true ? ['GET', 'HEAD'] : [method]
}

/** Whether requests of this method meet a limiter before anything else in the route, other limiters aside. */
export function runsFirst(route: RouteLike, limiter: Handle, method: string): boolean {
  return namedBy(route, method).every((one) => {
    const handlers = handlersFor(route, one)
    const firstOther = handlers.findIndex((handle) => describeLimiter(handle) === undefined)
    const limiters = firstOther === -1 ? handlers : handlers.slice(0, firstOther)
    return limiters.includes(limiter)
  })
}

/** Whether requests of this method may meet a limiter somewhere in the route. */
export function runsLater(route: RouteLike, limiter: Handle, method: string): boolean {
  return namedBy(route, method).every((one) => handlersFor(route, one).includes(limiter))
}

/** Every method has to be looked at where any may come: a route can have handlers for some of them. */
function namedBy(route: RouteLike, method: string): readonly string[] {
  if (method !== OTHER_METHOD) return [method]
  return [OTHER_METHOD, 'head', ...Object.keys(route.methods).filter((one) => one !== '_all')]
}
