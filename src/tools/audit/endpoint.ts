import { READ_AND_WRITE, type ReadOrWrite } from '../../limits/request-class.ts'
import { READ_METHODS } from '../../limits/request-methods.ts'
import type { PlacedLimiter } from './placed-limiter.ts'
import type { RoutePath } from './route-path.ts'
import type { RouteKind } from './route-report.ts'
import type { StackFunction } from './router-stack.ts'

/** Something that can answer requests, before the audit decides how well it is limited. */
export interface Endpoint {
  /** As `RouteEntry` lists it: upper case, or `ALL`. */
  readonly method: string
  /** As `RouteEntry` lists it. */
  readonly path: string
  readonly kind: RouteKind
  /** The methods of the requests that it can answer. */
  readonly requestMethods: readonly string[]
  /** Param callbacks run for HEAD requests too, whatever methods the route handles. */
  readonly alsoAnswersHead?: boolean
  /** Set for an answer at the end of a router: the depth of that router. */
  readonly endOfRouterAtDepth?: number
  readonly routePath: RoutePath
  /** Every limiter that may run before it, in the order of the stacks. */
  readonly limiters: readonly PlacedLimiter[]
  /** The function that answers; undefined where Express or Node answers. */
  readonly handler?: StackFunction | undefined
  /** The name of the function that answers, where the path alone does not identify it. */
  readonly functionName?: string
  /** The name of a limiter that comes after it in the same router. */
  readonly laterLimiter?: string | undefined
}

/** The classes of the requests that a listed method (`GET`, `ALL`) can be. */
export function classesOfMethod(method: string): readonly ReadOrWrite[] {
  if (method === 'ALL') return READ_AND_WRITE
  return READ_METHODS.has(method) ? ['read'] : ['write']
}

/** The classes of the requests that an endpoint can answer. */
export function classesOfEndpoint({ method, alsoAnswersHead }: Endpoint): readonly ReadOrWrite[] {
  const classes = classesOfMethod(method)
  return alsoAnswersHead === true && !classes.includes('read') ? ['read', ...classes] : classes
}
