import type { LimiterDescription } from '../../limits/limiter-description.ts'
import type { LayerPattern } from './layer-pattern.ts'

/** A limiter on the way, and which requests are sure to meet it. */
export interface PlacedLimiter {
  readonly description: LimiterDescription
  /** Which router of the way it stands in; 0 is the outermost. */
  readonly depth: number
  /** The paths it takes in that router; undefined inside a route, whose later handlers all come after it. */
  readonly pattern: LayerPattern | undefined
  /** Whether a request with this method meets it; `'*'` is a method that no handler names. */
  readonly meets: (method: string) => boolean
  /** An error raised before it makes Express pass it over, until an error handler lets the request go on. */
  readonly exposed: boolean
  /** Something before it lets requests leave the router, for what comes after it. */
  readonly leftBy: string | undefined
  /** Why a request that it takes may pass it by; the first reason found. */
  doubt: string | undefined
  /** The outermost router in which something after it may have changed the path. */
  rewrittenAt: number | undefined
  /** Something after it may have changed the path or the method. */
  rewrittenBy: string | undefined
}

/** A guard with nothing known against it yet. */
export function placeLimiter(
  found: Pick<PlacedLimiter, 'description' | 'depth' | 'pattern' | 'exposed' | 'leftBy'> &
    Partial<Pick<PlacedLimiter, 'meets' | 'doubt'>>,
): PlacedLimiter {
  return { meets: () => true, doubt: undefined, rewrittenAt: undefined, rewrittenBy: undefined, ...found }
}

/** An error handler later in the same router: it may let a request go on that never met these guards. */
export function markRecovery(guards: readonly PlacedLimiter[], depth: number, handler: string): void {
  for (const one of guards) {
    if (one.depth === depth && one.exposed) {
      one.doubt ??= `after an error raised before it, the error handler ${handler} can let the request go on`
    }
  }
}

/** Something that assigns to `req.url` or `req.method` stands between these guards and what follows. */
export function markRewrite(guards: readonly PlacedLimiter[], depth: number, rewriter: string): void {
  for (const one of guards) {
    one.rewrittenAt = Math.min(one.rewrittenAt ?? depth, depth)
    one.rewrittenBy ??= rewriter
  }
}
