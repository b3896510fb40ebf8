import type { LimitDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import type { RequestClass } from '../../limits/request-class.ts'

const LABELS: Readonly<Record<RequestClass, string>> = { read: 'Reads', write: 'Writes' }

/** The limits on these classes as sentences, such as `Reads: 100 requests in 60 seconds.` */
export function limitsText(description: LimiterDescription, classes: readonly RequestClass[]): string {
  const unit = description.hasCosts ? 'unit' : 'request'
  const sentences = classes.map((one) => {
    const limits = description[one]
    const text = limits === false ? 'no limit' : limits.map((limit) => limitText(limit, unit)).join(', and ')
    return `${LABELS[one]}: ${text}.`
  })
  if (description.hasCosts) sentences.push('A request can cost several units.')
  if (description.mode === 'shadow') sentences.push('No request is refused yet.')
  return sentences.join(' ')
}

function limitText({ limit, windowSec, burst, algorithm }: LimitDescription, unit: string): string {
  if (algorithm === 'in-flight') {
    return limit === 'dynamic'
      ? 'a number at once that depends on the request'
      : `${countOf(limit, unit)} at once`
  }
  const time = countOf(windowSec, 'second')
  if (limit === 'dynamic') return `a number of ${unit}s in ${time} that depends on the request`
  const atOnce = algorithm === 'token-bucket' ? `, at most ${burst ?? limit} at once` : ''
  return `${countOf(limit, unit)} in ${time}${atOnce}`
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
