import type { LimitDescription } from '../../limits/limiter-description.ts'
import type { RouteEntry, RouteReport } from './route-report.ts'

/**
 * A table of text: each column is as wide as its widest cell, with two spaces between columns. No line ends
 * in spaces.
 */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  const cells = rows.map((row) => row.map(asciiOnly))
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function asciiOnly(text: string): string {
  return text.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * The report as a table for people: method, path, limits, limiters and state. It is ASCII and does not end in
 * a line break.
 */
export function formatRoutes(report: RouteReport): string {
  const rows = report.routes.map((entry) => [
    entry.method,
    entry.path,
    showLimits(entry),
    entry.limiters.map(({ name }) => name).join(', ') || '-',
    entry.state,
  ])
  return alignColumns([['METHOD', 'PATH', 'LIMITS', 'LIMITERS', 'STATE'], ...rows])
}

function showLimits({ read, write, method }: RouteEntry): string {
  const reads = showEachPlan(read)
  const writes = showEachPlan(write)
  if (method !== 'ALL') return reads || writes || '-'
  if (reads === '' && writes === '') return '-'
  if ([...read, ...write].every(({ allMethods }) => allMethods)) return reads
  return `read ${reads || '-'}, write ${writes || '-'}`
}

/** The limits of a plan after its name: `free 100/60s, pro 1000/60s`. */
function showEachPlan(limits: readonly LimitDescription[]): string {
  return limits
    .map((limit, index) => {
      const isNewPlan = limit.plan !== undefined && limit.plan !== limits[index - 1]?.plan
      return isNewPlan ? `${limit.plan} ${showLimit(limit)}` : showLimit(limit)
    })
    .join(', ')
}

function showLimit({ limit, windowSec, burst }: LimitDescription): string {
  return `${limit}/${windowSec}s${burst === undefined ? '' : ` burst ${burst}`}`
}
