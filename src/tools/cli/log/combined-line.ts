import type { LineParserState } from './line-parser-state.ts'
import { type ParsedLine, shorten, type Unreadable } from './log-entry.ts'
import { LOG_TIME_LENGTH } from './log-time.ts'
import { endOfQuoted, missingPart } from './quoted-part.ts'
import { parseAddress, parseHeaderValue, parseRequestLine } from './request-parts.ts'

/**
 * Parses a line of the common or the combined format (Apache's `common` and `combined`, nginx's `combined`
 * and `main`): address, identity, user, [time], "request", status, size and, in the combined format,
 * "referrer" and "user agent". A third quoted part is X-Forwarded-For, as in nginx's `main`. Anything after
 * that is ignored.
 *
 * @param needsUserAgent whether a line without referrer and user agent is unreadable
 * @param start where the address begins
 */
export function parseCombinedLine(
  line: string,
  state: LineParserState,
  needsUserAgent: boolean,
  start = 0,
): ParsedLine {
  const addressEnd = line.indexOf(' ', start)
  if (addressEnd <= start) return missingPart('client address', start)
  const address = parseAddress(line.slice(start, addressEnd))
  if (address === undefined) {
    return { unreadable: `the client '${shorten(line.slice(start, addressEnd))}' is not an IP address` }
  }
  const time = findTime(line, addressEnd, state)
  if ('unreadable' in time) return time
  const requestEnd = line.charCodeAt(time.end) === QUOTE ? endOfQuoted(line, time.end) : -1
  if (requestEnd < 0) return missingPart('quoted request', time.end)
  const request = parseRequestLine(line.slice(time.end + 1, requestEnd))
  const rest = parseRest(line, requestEnd + 1, needsUserAgent)
  if ('unreadable' in rest) return rest
  if ('unreadable' in request) return request
  const { status, forwarded } = rest
  return {
    address: state.texts.copyOf(address),
    forwarded: forwarded === undefined ? undefined : state.texts.copyOf(forwarded),
    timeMs: time.timeMs,
    method: request.method,
    target: request.target,
    status,
  }
}

/**
 * Parses a line of Apache's `vhost_combined`: the virtual host and its port, and then a line of the combined
 * format.
 */
export function parseVhostLine(line: string, state: LineParserState): ParsedLine {
  const hostEnd = line.indexOf(' ')
  return hostEnd <= 0 ? missingPart('virtual host', 0) : parseCombinedLine(line, state, false, hostEnd + 1)
}

const QUOTE = 0x22
const CLOSING_BRACKET = 0x5d

/** Finds the first text in brackets that is a time. The user name before it can hold spaces and brackets. */
function findTime(
  line: string,
  from: number,
  { times }: LineParserState,
): { readonly timeMs: number; readonly end: number } | Unreadable {
  let first = -1
  for (let at = line.indexOf(' [', from); at !== -1; at = line.indexOf(' [', at + 1)) {
    const end = at + 2 + LOG_TIME_LENGTH
    if (first === -1) first = at + 2
    if (line.charCodeAt(end) !== CLOSING_BRACKET) continue
    const timeMs = times.parseLogTime(line.slice(at + 2, end))
    if (timeMs !== undefined) return { timeMs, end: end + 2 }
  }
  if (first === -1) return missingPart('time in brackets', from + 1)
  const until = line.indexOf(']', first)
  const text = shorten(line.slice(first, until === -1 ? line.length : until))
  return { unreadable: `the time '${text}' is not like 17/May/2015:10:05:03 +0000` }
}

const STATUS_AND_SIZE = / (\d{3}) (?:\d+|-)(?: |\s*$)/y

function parseRest(
  line: string,
  from: number,
  needsUserAgent: boolean,
): { readonly status: number; readonly forwarded: string | undefined } | Unreadable {
  STATUS_AND_SIZE.lastIndex = from
  const found = STATUS_AND_SIZE.exec(line)
  if (found === null) return missingPart('status and size', from)
  const status = Number(found[1])
  const at = STATUS_AND_SIZE.lastIndex
  if (line.charCodeAt(at) !== QUOTE) {
    return needsUserAgent ? missingPart('quoted referrer', at) : { status, forwarded: undefined }
  }
  const referrerEnd = endOfQuoted(line, at)
  if (referrerEnd < 0) return missingPart('quoted referrer', at)
  const agentStart = referrerEnd + 2
  const agentEnd = line.charCodeAt(agentStart) === QUOTE ? endOfQuoted(line, agentStart) : -1
  if (agentEnd < 0) return missingPart('quoted user agent', agentStart)
  const nextStart = agentEnd + 2
  const nextEnd = line.charCodeAt(nextStart) === QUOTE ? endOfQuoted(line, nextStart) : -1
  if (nextEnd < 0) return { status, forwarded: undefined }
  return { status, forwarded: parseHeaderValue(line.slice(nextStart + 1, nextEnd)) }
}
