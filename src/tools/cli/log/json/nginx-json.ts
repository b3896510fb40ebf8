import { createEntry, type LineParserState } from '../line-parser-state.ts'
import type { ParsedLine, Unreadable } from '../log-entry.ts'
import {
  checkParts,
  noAddress,
  parseAddress,
  parseHeaderValue,
  parseRequestLine,
  parseStatus,
  type RequestParts,
} from '../request-parts.ts'
import type { JsonFields } from './json-fields.ts'

/** The usual names of the field that holds X-Forwarded-For. */
const FORWARDED_FIELDS: readonly string[] = ['http_x_forwarded_for', 'x_forwarded_for']

/**
 * Parses JSON with the names of nginx's variables: `remote_addr`; `time_iso8601`, `time_local` or `msec`;
 * `request`, or `request_method` and `request_uri`; `status`; `http_x_forwarded_for`.
 */
export function parseNginxFields(fields: JsonFields, state: LineParserState): ParsedLine {
  const { remote_addr: peer } = fields
  const address = typeof peer === 'string' ? parseAddress(peer) : undefined
  if (address === undefined) return noAddress('remote_addr', peer)
  const timeMs = parseTime(fields, state)
  if (timeMs === undefined) return { unreadable: 'no time in time_iso8601, time_local or msec' }
  const request = parseRequest(fields)
  if ('unreadable' in request) return request
  const names = state.forwardedField === undefined ? FORWARDED_FIELDS : [state.forwardedField]
  const forwarded = names.map((name) => parseHeaderValue(fields[name])).find((value) => value !== undefined)
  return createEntry({ address, forwarded, timeMs, request, status: parseStatus(fields.status) }, state)
}

function parseTime(
  { msec, time_iso8601: iso, time_local: local }: JsonFields,
  { times }: LineParserState,
): number | undefined {
  // `msec` is the most exact of the three: nginx logs it in seconds, with three decimals.
  const seconds = typeof msec === 'string' && msec.trim() !== '' ? Number(msec) : msec
  if (typeof seconds === 'number' && Number.isFinite(seconds)) return Math.round(seconds * 1000)
  if (typeof iso === 'string') return times.parseIsoTime(iso)
  return typeof local === 'string' ? times.parseLogTime(local) : undefined
}

function parseRequest(fields: JsonFields): RequestParts | Unreadable {
  const { request, request_method: method, request_uri: uri } = fields
  if (typeof request === 'string') return parseRequestLine(request)
  if (typeof method === 'string' && typeof uri === 'string') return checkParts(method, uri)
  return { unreadable: 'no request, and no request_method with request_uri' }
}
