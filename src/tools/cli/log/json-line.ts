import type { LineTools } from './combined-line.ts'
import { type ParsedLine, shorten } from './log-entry.ts'
import { checkParts, readAddress, readHeaderValue, readRequestLine } from './request-parts.ts'

type Fields = Readonly<Record<string, unknown>>

const FORWARDED_FIELDS: readonly string[] = ['http_x_forwarded_for', 'x_forwarded_for']

/**
 * Reads a line that is a JSON object with the names of nginx's variables: `remote_addr`; `time_iso8601`, `time_local`
 * or `msec`; `request`, or `request_method` and `request_uri`; `status`; `http_x_forwarded_for`.
 *
 * @param forwardedField the field that holds X-Forwarded-For, where it has another name
 */
export function parseJsonLine(
  line: string,
  tools: LineTools,
  forwardedField: string | undefined,
): ParsedLine {
  const fields = readFields(line)
  if (fields === undefined) return { unreadable: 'the line is no JSON object' }
  const { remote_addr: peer } = fields
  const address = typeof peer === 'string' ? readAddress(peer) : undefined
  if (address === undefined)
    return { unreadable: `the remote_addr '${shorten(String(peer))}' is no IP address` }
  const timeMs = readTime(fields, tools)
  if (timeMs === undefined) return { unreadable: 'no time in time_iso8601, time_local or msec' }
  const request = readRequest(fields)
  if ('unreadable' in request) return request
  const names = forwardedField === undefined ? FORWARDED_FIELDS : [forwardedField]
  const forwarded = names.map((name) => readHeaderValue(fields[name])).find((value) => value !== undefined)
  const status = Number(fields.status)
  return {
    address: tools.texts.of(address),
    forwarded: forwarded === undefined ? undefined : tools.texts.of(forwarded),
    timeMs,
    method: request.method,
    target: request.target,
    status: Number.isInteger(status) ? status : undefined,
  }
}

function readFields(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined
  } catch {
    return undefined
  }
}

function readTime(
  { msec, time_iso8601: iso, time_local: local }: Fields,
  { times }: LineTools,
): number | undefined {
  // The finest first: nginx writes seconds with three decimals.
  const seconds = typeof msec === 'string' && msec.trim() !== '' ? Number(msec) : msec
  if (typeof seconds === 'number' && Number.isFinite(seconds)) return Math.round(seconds * 1000)
  if (typeof iso === 'string') return times.ofIso(iso)
  return typeof local === 'string' ? times.ofLog(local) : undefined
}

function readRequest(fields: Fields): ReturnType<typeof checkParts> {
  const { request, request_method: method, request_uri: uri } = fields
  if (typeof request === 'string') return readRequestLine(request)
  if (typeof method === 'string' && typeof uri === 'string') return checkParts(method, uri)
  return { unreadable: 'no request, and no request_method with request_uri' }
}
