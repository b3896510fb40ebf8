import { calendarText } from '../../limits/calendar.ts'
import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import type { ReadOrWrite } from '../../limits/request-class.ts'

const LABELS: Readonly<Record<ReadOrWrite, string>> = { read: 'Reads', write: 'Writes' }

/** The limits on these classes as sentences, such as `Reads: 100 requests in 60 seconds.`, for each plan. */
export function limitsText(description: LimiterDescription, classes: readonly ReadOrWrite[]): string {
  const sentences =
    description.plans.length === 0
      ? planSentences(description, undefined, classes)
      : description.plans.flatMap((plan) =>
          planSentences(description, plan, classes).map((sentence) => `Plan "${plan}": ${sentence}`),
        )
  if (description.hasCosts) sentences.push(`A request can cost several ${description.unit ?? 'units'}.`)
  if (description.settles) sentences.push('The charge of a request can change when its true cost is known.')
  if (description.mode === 'shadow') sentences.push('No request is refused yet.')
  return sentences.join(' ')
}

function planSentences(
  description: LimiterDescription,
  plan: string | undefined,
  [first, ...others]: readonly ReadOrWrite[],
): string[] {
  if (first === undefined) return []
  const limits = (description[first] || []).filter((limit) => limit.plan === plan)
  const noun = description.hasCosts ? 'unit' : 'request'
  const text = limits.length === 0 ? 'no limit' : limits.map((limit) => limitText(limit, noun)).join(', and ')
  // One budget for all methods is listed for each class.
  if (limits.some(({ allMethods }) => allMethods)) return [`All requests: ${text}.`]
  return [`${LABELS[first]}: ${text}.`, ...planSentences(description, plan, others)]
}

/** @param noun what a limit without a unit counts, in the singular */
function limitText(
  { limit, windowSec, burst, algorithm, calendar, unit }: LimitDescription,
  noun: string,
): string {
  if (algorithm === 'in-flight') {
    return limit === 'dynamic'
      ? 'a number at once that depends on the request'
      : `${countOf(limit, noun)} at once`
  }
  const time = calendar === undefined ? `in ${countOf(windowSec, 'second')}` : `per ${calendarText(calendar)}`
  if (limit === 'dynamic') return `a number of ${unit ?? `${noun}s`} ${time} that depends on the request`
  const atOnce = algorithm === 'token-bucket' ? `, at most ${burst ?? limit} at once` : ''
  // The singular of a unit is not known.
  return `${unit === undefined ? countOf(limit, noun) : `${limit} ${unit}`} ${time}${atOnce}`
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
