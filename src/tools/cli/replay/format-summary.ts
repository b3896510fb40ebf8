import { REQUEST_CLASSES } from '../../../limits/request-class.ts'
import { alignColumns } from '../../audit/format-routes.ts'
import type { ClassSummary, ReplaySummary } from './summary.ts'

/** The summary as people read it. ASCII, with a line end. */
export function formatSummary(summary: ReplaySummary): string {
  const sections = [
    periodOf(summary),
    classTable(summary),
    suggestionTable(summary),
    clientTable(summary),
    minuteTable(summary),
    remarksOf(summary).join('\n'),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function periodOf({ from, to, lines, requests, clients, refusedClients, refused }: ReplaySummary): string {
  if (from === null || to === null) return `No requests in ${lines} lines.`
  return [
    `${spaced(from)} to ${spaced(to)} UTC`,
    `${requests} requests of ${clients} clients in ${lines} lines`,
    `${refused} refused (${percent(refused, requests)}), of ${refusedClients} clients (${percent(refusedClients, clients)})`,
  ].join('\n')
}

function classTable({ classes }: ReplaySummary): string {
  const rows = REQUEST_CLASSES.map((name) => {
    const { requests, admitted, refused, clients, refusedClients, limit } = classes[name]
    const counts = [requests, admitted, refused, clients, refusedClients].map(String)
    return [name, showLimit(limit), ...counts]
  })
  return alignColumns([
    ['CLASS', 'LIMIT', 'REQUESTS', 'ADMITTED', 'REFUSED', 'CLIENTS', 'REFUSED CLIENTS'],
    ...rows,
  ])
}

function showLimit(limit: ClassSummary['limit']): string {
  if (limit === null) return 'none'
  const burst = limit.burst === limit.limit ? '' : ` burst ${limit.burst}`
  return `${limit.limit}/${limit.windowSec}s${burst} ${limit.algorithm}`
}

/** Which limits would refuse how many. */
function suggestionTable({ classes }: ReplaySummary): string {
  const rows = REQUEST_CLASSES.flatMap((name) => {
    const { suggestions, clients, limit } = classes[name]
    const unit = limit?.algorithm === 'token-bucket' ? 'burst' : 'limit'
    return suggestions.map((one) => [
      name,
      one.share === 0 ? 'nobody' : `at most ${one.share * 100} %`,
      `${unit} ${one.limit}`,
      `${one.refusedClients} of ${clients}`,
    ])
  })
  if (rows.length === 0) return ''
  return alignColumns([['CLASS', 'TO REFUSE', 'TAKE', 'REFUSED CLIENTS'], ...rows])
}

function clientTable({ topClients, refusedClients }: ReplaySummary): string {
  if (topClients.length === 0) return ''
  const rows = topClients.map(({ client, refused, requests, firstRefused, lastRefused }) => [
    client,
    `${refused} of ${requests}`,
    spaced(firstRefused),
    spaced(lastRefused),
  ])
  const table = alignColumns([['CLIENT', 'REFUSED', 'FIRST', 'LAST'], ...rows])
  const more = refusedClients - topClients.length
  return more > 0 ? `${table}\nand ${more} more: --top ${refusedClients}` : table
}

function minuteTable({ busiestMinutes }: ReplaySummary): string {
  if (busiestMinutes.length === 0) return ''
  const rows = busiestMinutes.map(({ minute, refused, requests }) => [
    spaced(minute).slice(0, -3),
    `${refused} of ${requests}`,
  ])
  return alignColumns([['MINUTE', 'REFUSED'], ...rows])
}

/** What must be known of the figures above: whatever was left out, or taken otherwise than it stands there. */
function remarksOf(summary: ReplaySummary): string[] {
  const { unreadable, unreadableLines, lateLines, mostLateSec, forgottenClients } = summary
  const remarks: string[] = []
  if (unreadable > 0) {
    const hold = unreadable === 1 ? 'line holds' : 'lines hold'
    remarks.push(`${unreadable} ${hold} no request that an app would see:`)
    remarks.push(...unreadableLines.map(({ path, line, why }) => `  ${path}:${line}: ${why}`))
    if (unreadable > unreadableLines.length) remarks.push(`  and ${unreadable - unreadableLines.length} more`)
  }
  if (lateLines > 0) {
    remarks.push(
      `Lines earlier than one before them: ${lateLines}, by up to ${mostLateSec} s. They count as of then.`,
    )
  }
  if (forgottenClients > 0) {
    remarks.push(
      `Clients for whom the memory store had no room: ${forgottenClients}. These figures are too low.`,
    )
  }
  return remarks
}

function spaced(iso: string): string {
  return iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '')
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(2)} %`
}
