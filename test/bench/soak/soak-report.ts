import { countText } from '../benchmark.ts'
import { figureText, renderTable } from '../table.ts'
import { Latencies } from './latencies.ts'
import type { SoakOutcome } from './run-soak.ts'
import type { ServerReport } from './soak-processes.ts'

/** What timers and other requests may add to the deadline of the store. */
const SPARE_MS = 50
const RECOVERY_GOAL_MS = 2000

/** What must not happen; empty where every request was admitted or refused, and no process died. */
export function flawsOf({ statuses, unsent, firstError, deaths }: SoakOutcome): string[] {
  // Of a generator that could not keep up, a request without an answer says nothing about the limiter.
  const isMeasured = (status: number): boolean => status !== 0 || unsent === 0
  const wrong = [...statuses].filter(([status]) => status !== 200 && status !== 429 && isMeasured(status))
  return [
    ...wrong.map(([status, count]) =>
      status === 0
        ? `${countText(count)} requests had no answer: ${firstError}`
        : `${countText(count)} requests were answered with ${status}`,
    ),
    ...deaths,
  ]
}

/** The report of a soak. */
export function soakText(outcome: SoakOutcome): string {
  const { statuses, unsent, recoveries, before, after } = outcome
  const latencies = Latencies.of(after.map((report) => report.latencies))
  const deadlineMs = Math.max(0, ...after.map((report) => report.deadlineMs))
  const slowestMs = latencies.percentileMs(0.999)
  const longestMs = Math.max(0, ...recoveries.map(({ ms }) => ms))
  const count = (of: (status: number) => boolean): number =>
    [...statuses].reduce((sum, [status, times]) => sum + (of(status) ? times : 0), 0)
  const rows = [
    ['requests', countText(count(() => true)), ''],
    ['admitted, refused', `${countText(count(is(200)))}, ${countText(count(is(429)))}`, ''],
    ...(unsent === 0 ? [] : [['not measured: the load generator could not keep up', countText(unsent), '']]),
    ...goalRow('status 5xx', countText(count((one) => one >= 500)), '0', count((one) => one >= 500) === 0),
    ['slowest decision', msText(latencies.longestMs), ''],
    ...[0.5, 0.99].map((share) => [`p${share * 100}`, msText(latencies.percentileMs(share)), '']),
    ...goalRow(
      'p99.9',
      msText(slowestMs),
      `<= ${deadlineMs + SPARE_MS} ms`,
      slowestMs <= deadlineMs + SPARE_MS,
    ),
    ...recoveryRows(outcome),
    ...goalRow(
      'slowest recovery',
      msText(longestMs),
      `<= ${RECOVERY_GOAL_MS} ms`,
      longestMs <= RECOVERY_GOAL_MS,
    ),
    ['late replies', countText(after.reduce((sum, { lateReplies }) => sum + lateReplies, 0)), ''],
    ['heap at start and end, MiB', `${sumText(before, 'heapMiB')} to ${sumText(after, 'heapMiB')}`, ''],
    ['memory at start and end, MiB', `${sumText(before, 'rssMiB')} to ${sumText(after, 'rssMiB')}`, ''],
  ]
  const flaws = flawsOf(outcome).map((flaw) => `FLAW: ${flaw}`)
  return [renderTable(['', 'figure', 'wanted', ''], rows), ...flaws].join('\n')
}

const is =
  (wanted: number) =>
  (status: number): boolean =>
    status === wanted

function recoveryRows({ recoveries }: SoakOutcome): string[][] {
  const faults = [...new Set(recoveries.map(({ fault }) => fault))]
  return faults.map((name) => {
    const times = recoveries.flatMap(({ fault, ms }) => (fault === name ? [ms] : []))
    return [`slowest of ${times.length} after ${name}`, msText(Math.max(...times)), '']
  })
}

function goalRow(what: string, figure: string, wanted: string, holds: boolean): string[][] {
  return [[what, figure, wanted, holds ? 'holds' : 'does not hold']]
}

function msText(ms: number): string {
  return Number.isFinite(ms) ? `${figureText(ms)} ms` : 'never'
}

function sumText(reports: readonly ServerReport[], figure: 'heapMiB' | 'rssMiB'): string {
  return figureText(reports.reduce((sum, report) => sum + report[figure], 0))
}
