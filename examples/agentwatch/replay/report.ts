import type { Tally } from './tally.ts'

/** Only so many refused clients are listed. */
const MAX_LISTED_CLIENTS = 100

/** The result of a replay as text. */
export function formatReport(tally: Tally, durationMs: number): string {
  const { refusedClients, unreadable, unreadableLines, failed, failures } = tally
  return [
    ...section(
      `Refused clients: ${refusedClients.length} of ${tally.clients}`,
      refusedClients.slice(0, MAX_LISTED_CLIENTS).map(clientLine),
      rest(refusedClients.length - MAX_LISTED_CLIENTS, 'clients'),
    ),
    ...section(
      `Unreadable lines: ${unreadable}`,
      unreadableLines.map(({ lineNumber, reason }) => `line ${lineNumber}: ${reason}`),
      rest(unreadable - unreadableLines.length, 'lines'),
    ),
    ...section(`Requests without an answer: ${failed}`, failures, rest(failed - failures.length, 'requests')),
    ...section('Totals', totals(tally, durationMs), []),
  ].join('\n')
}

function clientLine({ address, sent, refused }: { address: string; sent: number; refused: number }): string {
  return `${address.padEnd(39)} ${String(refused).padStart(7)} refused of ${String(sent).padStart(7)}`
}

function totals(tally: Tally, durationMs: number): string[] {
  const statuses = [...tally.statuses].map(([status, count]) => `${status} x ${count}`)
  return [
    `${tally.lines} lines, ${tally.answered} answers, ${tally.clients} clients, ${seconds(durationMs)} s`,
    `${tally.refused} refused (429), ${tally.answered - tally.refused} allowed`,
    `by status: ${statuses.length === 0 ? 'none' : statuses.join(', ')}`,
  ]
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

function section(title: string, lines: readonly string[], more: readonly string[]): string[] {
  return [title, ...[...lines, ...more].map((line) => `  ${line}`)]
}

function rest(count: number, noun: string): string[] {
  return count > 0 ? [`and ${count} more ${noun}`] : []
}
