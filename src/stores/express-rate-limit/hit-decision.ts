import type { Decision } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Hits } from './hit-counter.ts'

/** The decision on a charge of one unit, whose hit is among the hits. */
export function decisionAfter({ total, endsAtMs }: Hits, limit: Limit): Decision {
  // A late refund can leave a counter below zero. The charge has taken a unit all the same.
  const used = Math.max(1, total)
  return decisionOf(used <= limit.limit, used, msLeft(endsAtMs, limit), limit)
}

/** The decision on a charge of one unit that was not taken. */
export function decisionBefore(hits: Hits | undefined, limit: Limit): Decision {
  const isOver = hits === undefined || (hits.endsAtMs !== undefined && hits.endsAtMs <= Date.now())
  if (isOver) return decisionOf(limit.limit > 0, 0, limit.windowMs, limit)
  const used = Math.max(0, hits.total)
  return decisionOf(used < limit.limit, used, msLeft(hits.endsAtMs, limit), limit)
}

function decisionOf(allowed: boolean, used: number, resetMs: number, { name, limit }: Limit): Decision {
  const remaining = Math.max(0, limit - used)
  return { allowed, retryAfterMs: allowed ? 0 : resetMs, limits: [{ name, limit, remaining, resetMs }] }
}

/** The time that is left of a window: at least 1, and a whole window if the store does not say when it ends. */
function msLeft(endsAtMs: number | undefined, { windowMs }: Limit): number {
  if (endsAtMs === undefined) return windowMs
  // The clock of the store may differ from that of this process.
  return Math.min(windowMs, Math.max(1, endsAtMs - Date.now()))
}
