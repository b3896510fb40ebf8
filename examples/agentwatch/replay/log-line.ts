import { METHODS } from 'node:http'
import { isIP } from 'node:net'
import { shorten } from '../problem.ts'
import type { LoggedLine } from './logged-request.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The user name before the time may have spaces and brackets. */
const TIME_IN_BRACKETS = / \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]/
const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/
/** A quote after a backslash does not end a quoted part. */
const QUOTED = /"([^"\\]*(?:\\.[^"\\]*)*)"/y
const STATUS_AND_SIZE = / \d{3} (?:\d+|-)(?: |\s*$)/y
const REQUEST_LINE = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/
/**
 * A path, a whole URL as proxies get it, or the asterisk of OPTIONS; only bytes that a request line can have.
 */
const TARGET = /^(?:\/|https?:\/\/|\*$)[\x21-\x7e\x80-\xff]*$/
/** nginx logs this text for a client of a Unix socket. */
const UNIX_SOCKET = 'unix:'

type Unreadable = Extract<LoggedLine, { unreadable: string }>

/**
 * Parses a line of the combined format of Apache and nginx: address, identity, user, [time], "request",
 * status, size, "referrer" and "user agent". The last two may be absent, as in the common format. Later parts
 * are ignored.
 */
export function parseLogLine(line: string): LoggedLine {
  if (line.trim() === '') return { unreadable: 'the line is empty' }
  const peer = /^[^ ]+(?= )/.exec(line)?.[0]
  if (peer === undefined) return missing('client address', 0)
  const address = peer === UNIX_SOCKET ? '127.0.0.1' : peer
  if (isIP(address) === 0) return { unreadable: `the client '${printable(peer)}' is not an IP address` }
  const time = findTime(line, peer.length)
  if ('unreadable' in time) return time
  const request = matchAt(QUOTED, line, time.end)
  if (request === null) return missing('quoted request', time.end)
  const problem = checkRest(line, time.end + request[0].length)
  return problem ?? parseRequest(request[1] ?? '', address, time.timeMs)
}

function findTime(
  line: string,
  from: number,
): { readonly timeMs: number; readonly end: number } | Unreadable {
  const found = TIME_IN_BRACKETS.exec(line)
  const timeMs = timeMsOf(found?.[1] ?? '')
  if (found !== null && timeMs !== undefined) return { timeMs, end: found.index + found[0].length + 1 }
  const text = found?.[1] ?? / \[([^\]]*)/.exec(line)?.[1]
  if (text === undefined) return missing('time in brackets', from + 1)
  return { unreadable: `the time '${printable(text)}' is not like 17/May/2015:10:05:03 +0000` }
}

/** Milliseconds since the epoch; undefined if there is no such time. */
function timeMsOf(text: string): number | undefined {
  const [, day, monthName = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] =
    TIME.exec(text) ?? []
  const month = MONTHS.indexOf(monthName)
  const dayMs = Date.UTC(Number(year), month, Number(day))
  // Date.UTC turns 31 April into 1 May. A leap second is logged as second 60.
  const isDay = month >= 0 && new Date(dayMs).getUTCDate() === Number(day)
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  const localMs = dayMs + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000
  return sign === '-' ? localMs + zoneMs : localMs - zoneMs
}

/** Checks the parts after the request: without them, a line was cut off. */
function checkRest(line: string, start: number): Unreadable | undefined {
  const statusAndSize = matchAt(STATUS_AND_SIZE, line, start)
  if (statusAndSize === null) return missing('status and size', start)
  const referrerStart = start + statusAndSize[0].length
  if (line[referrerStart] !== '"') return undefined
  const referrer = matchAt(QUOTED, line, referrerStart)
  if (referrer === null) return missing('quoted referrer', referrerStart)
  const agentStart = referrerStart + referrer[0].length + 1
  return matchAt(QUOTED, line, agentStart) === null ? missing('quoted user agent', agentStart) : undefined
}

/**
 * Requests that no HTTP server passes to an app (scans, broken TLS) are unreadable: no limiter would see
 * them.
 */
function parseRequest(text: string, address: string, timeMs: number): LoggedLine {
  const found = REQUEST_LINE.exec(text)
  if (found === null)
    return { unreadable: `the request '${printable(text)}' is not method, path and version` }
  const [, method = '', target = ''] = found
  if (!METHODS.includes(method)) return { unreadable: `the method '${printable(method)}' is unknown` }
  if (method === 'CONNECT') return { unreadable: 'CONNECT requests a tunnel, not a path' }
  if (!TARGET.test(target)) return { unreadable: `the path '${printable(target)}' is invalid` }
  return { address, timeMs, method, target }
}

function matchAt(pattern: RegExp, line: string, start: number): RegExpExecArray | null {
  pattern.lastIndex = start
  return pattern.exec(line)
}

function missing(part: string, index: number): Unreadable {
  return { unreadable: `no ${part} at column ${index + 1}` }
}

function printable(text: string): string {
  return shorten(text.replace(/[^\x20-\x7e]/g, '?'))
}
