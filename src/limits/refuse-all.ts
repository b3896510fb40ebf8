import { calendarWindowAt } from './calendar.ts'
import type { Ban, Decision } from './decision.ts'
import type { Limit } from './limit.ts'

/**
 * The decision where a limit of 0 refuses every request. Nothing is ever charged, so that every limit is unused.
 * `Retry-After` is the longest window of the limits of 0, of a calendar window the rest of it, and promises nothing.
 *
 * @param nowMs milliseconds since the epoch
 * @param ban the ban of the client, which ends later or earlier than that
 */
export function refuseAll(limits: readonly Limit[], nowMs: number, ban?: Ban): Decision {
  const states = limits.map((limit) => {
    const { name, burst, windowMs, calendar } = limit
    const resetMs = calendar === undefined ? windowMs : calendarWindowAt(calendar, nowMs).endMs - nowMs
    return { name, limit: burst, remaining: burst, resetMs }
  })
  const waits = states.filter(({ limit }) => limit === 0).map(({ resetMs }) => resetMs)
  return {
    allowed: false,
    retryAfterMs: Math.max(...waits, ban?.endsInMs ?? 0),
    ...(ban === undefined ? {} : { ban }),
    limits: states,
  }
}

/**
 * The limits for which a store is asked where a limit of 0 refuses every request, so that it counts the refusal towards a
 * ban: fixed windows that admit nothing. Other algorithms divide by their limit.
 */
export function refusingLimits(limits: readonly Limit[]): readonly Limit[] {
  return limits.map((limit) => ({
    ...limit,
    algorithm: 'fixed-window',
    calendar: undefined,
    limit: 0,
    burst: 0,
  }))
}
