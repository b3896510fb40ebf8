import { calendarText } from '../../../limits/calendar.ts'
import { alignColumns } from '../../audit/format-routes.ts'
import { printableText } from '../printable-text.ts'
import type { ClassSummary, ReplaySummary } from './summary.ts'

/** The summary as text. ASCII, with a line end. */
export function formatSummary(summary: ReplaySummary): string {
  const sections = [
    totals(summary),
    classTable(summary),
    comparisonTable(summary),
    suggestionTable(summary),
    clientTable(summary),
    minuteTable(summary),
    notes(summary).join('\n'),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function totals({ from, to, lines, requests, clients, refusedClients, refused }: ReplaySummary): string {
  if (from === null || to === null) return `No requests in ${lines} lines.`
  return [
    `${formatTime(from)} to ${formatTime(to)} UTC`,
    `${requests} requests of ${clients} clients in ${lines} lines`,
    `${refused} refused (${formatPercent(refused, requests)}), of ${refusedClients} clients (${formatPercent(refusedClients, clients)})`,
  ].join('\n')
}

function classTable({ classes }: ReplaySummary): string {
  const rows = Object.entries(classes).map(([name, summary]) => {
    const { requests, allowed, refused, clients, refusedClients, limit } = summary
    const counts = [requests, allowed, refused, clients, refusedClients].map(String)
    return [name, formatLimit(limit), ...counts]
  })
  return alignColumns([
    ['CLASS', 'LIMIT', 'REQUESTS', 'ALLOWED', 'REFUSED', 'CLIENTS', 'REFUSED CLIENTS'],
    ...rows,
  ])
}

/** What each of several limits of a class would have refused. */
function comparisonTable({ classes }: ReplaySummary): string {
  const rows = Object.entries(classes).flatMap(([name, { requests, clients, compared }]) => {
    return compared.map(({ limit, refused, refusedClients }) => [
      name,
      formatLimit(limit),
      formatShare(refused, requests),
      formatShare(refusedClients, clients),
    ])
  })
  if (rows.length === 0) return ''
  const table = alignColumns([['CLASS', 'COMPARED LIMIT', 'REFUSED', 'REFUSED CLIENTS'], ...rows])
  return `${table}\nThe other tables are about the first limit of each class.`
}

function formatLimit(limit: ClassSummary['limit']): string {
  if (limit === null) return 'none'
  const burst = limit.burst === limit.limit ? '' : ` burst ${limit.burst}`
  const window = limit.calendar === undefined ? `${limit.windowSec}s` : calendarText(limit.calendar)
  return `${limit.limit}/${window}${burst} ${limit.algorithm}`
}

/** The limits that would refuse nobody, and those that would refuse a small share of the clients. */
function suggestionTable({ classes }: ReplaySummary): string {
  const rows = Object.entries(classes).flatMap(([name, { suggestions, clients, limit }]) => {
    const option = limit?.algorithm === 'token-bucket' ? 'burst' : 'limit'
    return suggestions.map(({ share, limit: units, refusedClients }) => [
      name,
      share === 0 ? 'nobody' : `at most ${share * 100} %`,
      `${option} ${units}`,
      `${refusedClients} of ${clients}`,
    ])
  })
  if (rows.length === 0) return ''
  return alignColumns([['CLASS', 'TO REFUSE', 'SET', 'REFUSED CLIENTS'], ...rows])
}

function clientTable({ topClients, refusedClients }: ReplaySummary): string {
  if (topClients.length === 0) return ''
  const rows = topClients.map(({ client, refused, requests, firstRefused, lastRefused }) => [
    client,
    `${refused} of ${requests}`,
    formatTime(firstRefused),
    formatTime(lastRefused),
  ])
  const table = alignColumns([['CLIENT', 'REFUSED', 'FIRST', 'LAST'], ...rows])
  const more = refusedClients - topClients.length
  return more > 0 ? `${table}\nand ${more} more; --top ${refusedClients} lists all` : table
}

function minuteTable({ busiestMinutes }: ReplaySummary): string {
  if (busiestMinutes.length === 0) return ''
  const rows = busiestMinutes.map(({ minute, refused, requests }) => [
    formatTime(minute).slice(0, -3),
    `${refused} of ${requests}`,
  ])
  return alignColumns([['MINUTE', 'REFUSED'], ...rows])
}

/** What the reader must know about the figures: lines that were left out, or counted at another time. */
function notes(summary: ReplaySummary): string[] {
  const { unreadable, unreadableLines, lateLines, mostLateSec, forgottenClients } = summary
  const lines: string[] = []
  if (unreadable > 0) {
    const hold = unreadable === 1 ? 'line holds' : 'lines hold'
    lines.push(`${unreadable} ${hold} no request that an app would see:`)
    lines.push(...unreadableLines.map(({ path, line, why }) => `  ${printableText(path)}:${line}: ${why}`))
    if (unreadable > unreadableLines.length) lines.push(`  and ${unreadable - unreadableLines.length} more`)
  }
  if (lateLines > 0) {
    lines.push(
      `Lines that are earlier than a line before them: ${lateLines}, by up to ${mostLateSec} s. ` +
        'They are counted at the latest time so far.',
    )
  }
  if (forgottenClients > 0) {
    lines.push(
      `Clients for which the memory store had no room: ${forgottenClients}. The figures above are too low.`,
    )
  }
  return lines
}

function formatTime(iso: string): string {
  return iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '')
}

/** Without a share where the whole is unknown: the clients of a class whose first limit is `false`. */
function formatShare(part: number, whole: number): string {
  return whole === 0 ? String(part) : `${part} (${formatPercent(part, whole)})`
}

function formatPercent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(2)} %`
}
