const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The parts of a line that a test can set. */
export interface LineParts {
  readonly address?: string
  readonly user?: string
  readonly time?: string
  readonly request?: string
  readonly end?: string
}

/** A line of the combined format. */
export function combinedLine({
  address = '198.51.100.7',
  user = '-',
  time = '17/May/2015:10:05:03 +0000',
  request = 'GET /a?b=c HTTP/1.1',
  end = '200 1234 "http://example.com/" "Mozilla/5.0 (X11)"',
}: LineParts = {}): string {
  return `${address} - ${user} [${time}] "${request}" ${end}`
}

/** The format of times in a log, in UTC. */
export function logTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? ''
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}
