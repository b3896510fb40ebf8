import { METHODS } from 'node:http'
import { isIP } from 'node:net'

/** A request as an access log remembers it. */
export interface LoggedRequest {
  /** The client's address, IPv4 or IPv6. */
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly method: string
  /** Path and query, as they were sent. */
  readonly target: string
  readonly status: number
}

/** What a line holds: a request, or the reason why none can be read from it. */
export type ParsedLine = LoggedRequest | { readonly malformed: string }

/** The parts of the combined format, in order. Quotes inside a quoted part are escaped with a backslash. */
const PARTS: readonly { readonly name: string; readonly form: RegExp }[] = [
  { name: 'client address', form: /(\S+) /y },
  { name: 'identity', form: /(\S+) /y },
  { name: 'user', form: /(.+?) (?=\[)/y },
  { name: 'time in brackets', form: /\[([^\]]*)\] /y },
  { name: 'quoted request', form: /"((?:[^"\\]|\\.)*)" /y },
  { name: 'status', form: /(\d{3}) /y },
  { name: 'size', form: /(\d+|-) /y },
  { name: 'quoted referrer', form: /"((?:[^"\\]|\\.)*)" /y },
  { name: 'quoted user agent', form: /"((?:[^"\\]|\\.)*)"\s*$/y },
]

/** Reads one line of an access log in combined format. */
export function parseLogLine(line: string): ParsedLine {
  if (line.trim() === '') return { malformed: 'the line is empty' }
  const values: string[] = []
  let at = 0
  for (const { name, form } of PARTS) {
    form.lastIndex = at
    const found = form.exec(line)
    if (found === null) return { malformed: `no ${name} at column ${at + 1}` }
    values.push(found[1] ?? '')
    at = form.lastIndex
  }
  const [address = '', , , time = '', request = '', status = ''] = values
  return toRequest(address, time, request, Number(status))
}

function toRequest(address: string, time: string, request: string, status: number): ParsedLine {
  if (isIP(address) === 0) return { malformed: `the client '${shorten(address)}' is no IP address` }
  const timeMs = parseLogTime(time)
  if (timeMs === undefined)
    return { malformed: `the time '${shorten(time)}' is not like 17/May/2015:10:05:03 +0000` }
  const [, method = '', target = ''] = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/.exec(request) ?? []
  if (method === '') return { malformed: `the request '${shorten(request)}' is not method, path and version` }
  if (!METHODS.includes(method)) return { malformed: `nobody knows the method '${shorten(method)}'` }
  if (method === 'CONNECT') return { malformed: 'CONNECT asks for a tunnel, not for a path' }
  if (!isSendable(target)) return { malformed: `the path '${shorten(target)}' cannot be sent` }
  return { address, timeMs, method, target, status }
}

/** A path, a whole URL as proxies get it, or the asterisk of OPTIONS; bytes that a request line can hold. */
function isSendable(target: string): boolean {
  return (/^\/|^https?:\/\//.test(target) || target === '*') && /^[\x21-\x7e\x80-\xff]+$/.test(target)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const LOG_TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/

/** Milliseconds since the epoch of a time such as `17/May/2015:10:05:03 +0000`. */
export function parseLogTime(text: string): number | undefined {
  const [, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] =
    LOG_TIME.exec(text) ?? []
  const monthIndex = MONTHS.indexOf(month)
  if (monthIndex < 0) return undefined
  const localMs = Date.UTC(
    Number(year),
    monthIndex,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  // Date.UTC turns the 31st of April into the 1st of May, and hour 25 into the next day.
  const same = new Date(localMs)
  if (same.getUTCDate() !== Number(day) || same.getUTCHours() !== Number(hour)) return undefined
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return sign === '-' ? localMs + zoneMs : localMs - zoneMs
}

const LONGEST_SHOWN = 60

function shorten(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?')
  return printable.length <= LONGEST_SHOWN ? printable : `${printable.slice(0, LONGEST_SHOWN - 3)}...`
}
