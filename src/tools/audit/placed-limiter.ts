import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LayerPattern } from './layer-pattern.ts'

/** A limiter that a request may meet before an endpoint, and the requests that are sure to meet it. */
export interface PlacedLimiter {
  readonly description: LimiterDescription
  /** The index, in the route path, of the router that holds it; 0 is the outermost router. */
  readonly depth: number
  /**
   * The paths that its layer matches in that router. Undefined for a handler of a route: every later handler
   * of the same route runs after it, whatever the path.
   */
  readonly pattern: LayerPattern | undefined
  /** Whether it runs for a request with this method. `'*'` is a method that no handler names. */
  readonly runsForMethod: (method: string) => boolean
  /**
   * An error may occur before it. Express then skips it, until an error handler lets the request continue.
   */
  readonly isSkippedAfterError: boolean
  /** The name of a function that runs before it in the same router and may let requests leave the router. */
  readonly routerLeaver: string | undefined
  /** The first reason that the scan found why a matching request may not meet it. */
  notProvenReason: string | undefined
  /** The depth of the outermost router in which a function after it may change the path. */
  rewriteDepth: number | undefined
  /** The name of the first function after it that may change the path or the method. */
  rewriter: string | undefined
  /** The name of the first function after it that is known to change the method. */
  methodChanger: string | undefined
}

/** The facts about a limiter that are known when the scan finds it. */
export type FoundLimiter = Pick<
  PlacedLimiter,
  'description' | 'depth' | 'pattern' | 'isSkippedAfterError' | 'routerLeaver' | 'notProvenReason'
> &
  Partial<Pick<PlacedLimiter, 'runsForMethod'>>

const UNCHANGED = { rewriteDepth: undefined, rewriter: undefined, methodChanger: undefined } as const

export function placeLimiter(found: FoundLimiter): PlacedLimiter {
  return { runsForMethod: () => true, ...UNCHANGED, ...found }
}
