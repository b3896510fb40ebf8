import { createEntry, type LineParserState } from './line-parser-state.ts'
import type { ParsedLine } from './log-entry.ts'
import { missingPart } from './quoted-part.ts'
import {
  noAddress,
  parseAddressAndPort,
  parseHeaderValue,
  parseRequestLine,
  parseStatus,
  withoutOrigin,
} from './request-parts.ts'

/** A time as HAProxy logs it by default: with milliseconds and without a time zone. */
export const HAPROXY_TIME: RegExp = / \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d)\.(\d{3})\] /

/** Frontend, backend/server, durations, status, and bytes. */
const FIELDS = /\S+ \S+ \S+ (-1|\d{3}) \+?\d+ /y

/**
 * Parses a line of HAProxy's HTTP log (`option httplog` and `option httpslog`), with or without the start that
 * syslog adds. HAProxy logs its local time without a zone. It is taken for UTC, which moves all times alike.
 *
 * The log has no names of headers. So X-Forwarded-For is read only where the setting for its field is a
 * number: that of the captured request header, counted from 1.
 */
export function parseHaproxyLine(line: string, state: LineParserState): ParsedLine {
  const time = HAPROXY_TIME.exec(line)
  if (time === null) return missingPart('time like [06/Feb/2009:12:14:14.655]', 0)
  const [timeText, second, milliseconds] = time
  const peer = line.slice(line.lastIndexOf(' ', time.index - 1) + 1, time.index)
  const address = parseAddressAndPort(peer)
  if (address === undefined) return noAddress('client', peer)
  const secondMs = state.times.parseLogTime(`${second} +0000`)
  if (secondMs === undefined) return { unreadable: `the time '${second}' does not exist` }
  FIELDS.lastIndex = time.index + timeText.length
  const fields = FIELDS.exec(line)
  if (fields === null) return missingPart('status and size', time.index + timeText.length)
  // Quotes in captured headers and in the request are logged as #22.
  const requestStart = line.indexOf('"', FIELDS.lastIndex)
  if (requestStart === -1) return missingPart('quoted request', FIELDS.lastIndex)
  const requestEnd = line.indexOf('"', requestStart + 1)
  // Syslog cuts long lines.
  const requestLine = line.slice(requestStart + 1, requestEnd === -1 ? line.length : requestEnd)
  const request = withoutOrigin(parseRequestLine(requestLine))
  if ('unreadable' in request) return request
  return createEntry(
    {
      address,
      forwarded: parseForwarded(line.slice(FIELDS.lastIndex, requestStart), state),
      timeMs: secondMs + Number(milliseconds),
      request,
      status: parseStatus(fields[1]),
    },
    state,
  )
}

const CAPTURED_HEADERS = /\{([^{}]*)\}/

function parseForwarded(text: string, { forwardedField }: LineParserState): string | undefined {
  if (forwardedField === undefined || !/^[1-9]\d?$/.test(forwardedField)) return undefined
  const values = CAPTURED_HEADERS.exec(text)?.[1]?.split('|')
  return parseHeaderValue(values?.[Number(forwardedField) - 1])
}
