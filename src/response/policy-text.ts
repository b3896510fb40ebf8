import { calendarWindowAt } from '../limits/calendar.ts'
import { type Limit, type Quota, quotaAt } from '../limits/limit.ts'

/** The text of a policy, and when it is right: from `startMs` up to, and without, `endMs`. */
interface PolicyText {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * Compiles a function that makes the text of a policy, with one member for each limit. The text of a compiled
 * array of limits and its unit changes only when a calendar window ends. So it is made once for each window, and not for
 * each request.
 */
export function cachedPolicyText(
  memberOf: (limit: Limit, quota: Quota, unit: string) => string,
): (limits: readonly Limit[], unit: string, nowMs: number) => string {
  const texts = new WeakMap<readonly Limit[], PolicyText>()
  return (limits, unit, nowMs) => {
    const known = texts.get(limits)
    if (known !== undefined && known.startMs <= nowMs && nowMs < known.endMs) return known.text
    const text = limits.map((limit) => memberOf(limit, quotaAt(limit, nowMs), unit)).join(', ')
    const windows = limits.flatMap(({ calendar }) =>
      calendar === undefined ? [] : [calendarWindowAt(calendar, nowMs)],
    )
    texts.set(limits, {
      text,
      startMs: Math.max(...windows.map(({ startMs }) => startMs)),
      endMs: Math.min(...windows.map(({ endMs }) => endMs)),
    })
    return text
  }
}
