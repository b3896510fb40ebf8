import { calendarText } from '../../limits/calendar.ts'
import type { LimitDescription } from '../../limits/limiter-description.ts'
import { UNKNOWN_MOUNT } from './layer-pattern.ts'
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
 * The report as a text for people: a table of method, path, limits, limiters, state and why, then the
 * middleware that stands before a limiter. Routes that a request can reach around a limiter come first. A
 * limiter with a question mark is in doubt. The text is ASCII and does not end in a line break.
 */
export function formatRoutes(report: RouteReport): string {
  return formatEntries(report.routes)
}

/** As {@link formatRoutes}, for some entries of a report. */
export function formatEntries(entries: readonly RouteEntry[]): string {
  const routes = entries.filter(({ kind }) => kind !== 'ahead')
  const isBypassed = ({ bypass }: RouteEntry): boolean => bypass !== undefined
  const rows = [...routes.filter(isBypassed), ...routes.filter((entry) => !isBypassed(entry))].map(rowOf)
  const table = rows.length === 0 ? [] : [alignColumns([HEADINGS, ...rows])]
  const early = entries.filter(({ kind }) => kind === 'ahead').map(({ why }) => asciiOnly(why))
  const hasUnknownMount = routes.some(({ path }) => path.includes(UNKNOWN_MOUNT))
  const hint = hasUnknownMount ? [UNKNOWN_MOUNT_HINT] : []
  return [...table, ...hint, ...early].join('\n\n')
}

const UNKNOWN_MOUNT_HINT = `${UNKNOWN_MOUNT}: this version of Express does not keep the paths of mounts. Express 5.3 keeps them.`

const HEADINGS = ['METHOD', 'PATH', 'LIMITS', 'LIMITERS', 'STATE', 'WHY'] as const

function rowOf(entry: RouteEntry): readonly string[] {
  const limiters = [...entry.limiters.map(({ name }) => name), ...entry.inDoubt.map(({ name }) => `${name}?`)]
  const isClear = entry.state === 'limited' && entry.inDoubt.length === 0
  // The paths of several static folders or functions can be the same: the reason names the function.
  const isIdentified = entry.kind !== 'static' && entry.kind !== 'middleware'
  return [
    entry.method,
    entry.path,
    showLimits(entry),
    limiters.join(', ') || '-',
    entry.state,
    isClear && isIdentified ? '' : entry.why,
  ]
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

function showLimit({ limit, unit, windowSec, burst, algorithm, calendar }: LimitDescription): string {
  if (algorithm === 'in-flight') return `${limit} at once`
  const units = unit === undefined ? limit : `${limit} ${unit}`
  const window = calendar === undefined ? `${windowSec}s` : calendarText(calendar)
  return `${units}/${window}${burst === undefined ? '' : ` burst ${burst}`}`
}
