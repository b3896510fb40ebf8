import { type ParsedLine, shorten } from './log-entry.ts'
import { LOG_TIME_LENGTH, type LogTimes } from './log-time.ts'
import { readAddress, readHeaderValue, readRequestLine } from './request-parts.ts'
import type { TextPool } from './text-pool.ts'

/** What the parsers of lines share. */
export interface LineTools {
  readonly times: LogTimes
  readonly texts: TextPool
}

/**
 * Reads a line of the common or the combined format (Apache's `common` and `combined`, nginx's `combined` and
 * `main`): address, identity, user, [time], "request", status, size and, in the combined format, "referrer" and
 * "user agent". A third quoted part is X-Forwarded-For, as in nginx's `main`; anything after that is left alone.
 *
 * @param needsAgent whether a line without referrer and user agent is unreadable
 */
export function parseCombinedLine(line: string, tools: LineTools, needsAgent: boolean): ParsedLine {
  const addressEnd = line.indexOf(' ')
  if (addressEnd <= 0) return missing('client address', 0)
  const address = readAddress(line.slice(0, addressEnd))
  if (address === undefined) {
    return { unreadable: `the client '${shorten(line.slice(0, addressEnd))}' is no IP address` }
  }
  const time = findTime(line, addressEnd, tools)
  if ('unreadable' in time) return time
  const requestEnd = line.charCodeAt(time.end) === QUOTE ? endOfQuoted(line, time.end) : -1
  if (requestEnd < 0) return missing('quoted request', time.end)
  const request = readRequestLine(line.slice(time.end + 1, requestEnd))
  const rest = readRest(line, requestEnd + 1, needsAgent)
  if ('unreadable' in rest) return rest
  if ('unreadable' in request) return request
  const { status, forwarded } = rest
  return {
    address: tools.texts.of(address),
    forwarded: forwarded === undefined ? undefined : tools.texts.of(forwarded),
    timeMs: time.timeMs,
    method: request.method,
    target: request.target,
    status,
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** A user can hold spaces and brackets: the time is the first that reads as one. */
function findTime(
  line: string,
  from: number,
  { times }: LineTools,
): { readonly timeMs: number; readonly end: number } | { readonly unreadable: string } {
  let first = -1
  for (let at = line.indexOf(' [', from); at !== -1; at = line.indexOf(' [', at + 1)) {
    const end = at + 2 + LOG_TIME_LENGTH
    if (first === -1) first = at + 2
    if (line.charCodeAt(end) !== 0x5d) continue
    const timeMs = times.ofLog(line.slice(at + 2, end))
    if (timeMs !== undefined) return { timeMs, end: end + 2 }
  }
  if (first === -1) return missing('time in brackets', from + 1)
  const until = line.indexOf(']', first)
  const text = shorten(line.slice(first, until === -1 ? line.length : until))
  return { unreadable: `the time '${text}' is not like 17/May/2015:10:05:03 +0000` }
}

const STATUS_AND_SIZE = / (\d{3}) (?:\d+|-)(?: |\s*$)/y

function readRest(
  line: string,
  from: number,
  needsAgent: boolean,
): { readonly status: number; readonly forwarded: string | undefined } | { readonly unreadable: string } {
  STATUS_AND_SIZE.lastIndex = from
  const found = STATUS_AND_SIZE.exec(line)
  if (found === null) return missing('status and size', from)
  const status = Number(found[1])
  const at = STATUS_AND_SIZE.lastIndex
  if (line.charCodeAt(at) !== QUOTE) {
    return needsAgent ? missing('quoted referrer', at) : { status, forwarded: undefined }
  }
  const referrerEnd = endOfQuoted(line, at)
  if (referrerEnd < 0) return missing('quoted referrer', at)
  const agent = referrerEnd + 2
  const agentEnd = line.charCodeAt(agent) === QUOTE ? endOfQuoted(line, agent) : -1
  if (agentEnd < 0) return missing('quoted user agent', agent)
  const next = agentEnd + 2
  const nextEnd = line.charCodeAt(next) === QUOTE ? endOfQuoted(line, next) : -1
  if (nextEnd < 0) return { status, forwarded: undefined }
  return { status, forwarded: readHeaderValue(line.slice(next + 1, nextEnd)) }
}

/** Where the quoted part ends that begins at `start`: at a quote that no backslash stands before; or -1. */
function endOfQuoted(line: string, start: number): number {
  for (let at = line.indexOf('"', start + 1); at !== -1; at = line.indexOf('"', at + 1)) {
    let first = at
    while (first - 1 > start && line.charCodeAt(first - 1) === BACKSLASH) first--
    // Backslashes in pairs stand for themselves.
    if ((at - first) % 2 === 0) return at
  }
  return -1
}

function missing(part: string, at: number): { readonly unreadable: string } {
  return { unreadable: `no ${part} at column ${at + 1}` }
}
