import { createEntry, type LineParserState } from '../line-parser-state.ts'
import type { ParsedLine } from '../log-entry.ts'
import {
  checkParts,
  noAddress,
  parseAddress,
  parseAddressAndPort,
  parseHeaderValue,
  parseStatus,
} from '../request-parts.ts'
import { asJsonFields, type JsonFields, textOf } from './json-fields.ts'

/**
 * Parses JSON of Caddy's access log: `request` with `remote_ip` (before version 2.5: `remote_addr` with a
 * port), `method`, `uri` and `headers`; `ts`; `status`. `remote_ip` is the peer. `client_ip`, which Caddy
 * found in the headers, is not used, because `--trust` decides which headers count.
 */
export function parseCaddyFields(fields: JsonFields, state: LineParserState): ParsedLine {
  const request = asJsonFields(fields.request)
  if (request === undefined) return { unreadable: 'no request' }
  const peer = textOf(request.remote_ip) ?? textOf(request.remote_addr)
  const address = peer === undefined ? undefined : (parseAddress(peer) ?? parseAddressAndPort(peer))
  if (address === undefined) return noAddress('request.remote_ip', peer)
  const timeMs = parseTime(fields.ts, state)
  if (timeMs === undefined) return { unreadable: 'the ts is not in seconds, milliseconds or ISO 8601' }
  const { method, uri } = request
  if (typeof method !== 'string' || typeof uri !== 'string') {
    return { unreadable: 'no request.method with request.uri' }
  }
  const parts = checkParts(method, uri)
  if ('unreadable' in parts) return parts
  const forwarded = parseForwarded(asJsonFields(request.headers), state)
  return createEntry(
    { address, forwarded, timeMs, request: parts, status: parseStatus(fields.status) },
    state,
  )
}

/** Larger numbers are milliseconds or nanoseconds since the epoch, as in the log of Caddy by its settings. */
const LARGEST_SECONDS = 1e11
const LARGEST_MILLISECONDS = 1e14

function parseTime(ts: unknown, { times }: LineParserState): number | undefined {
  if (typeof ts === 'string') return times.parseIsoTime(ts)
  if (typeof ts !== 'number' || !Number.isFinite(ts)) return undefined
  if (ts > LARGEST_MILLISECONDS) return Math.round(ts / 1e6)
  return Math.round(ts > LARGEST_SECONDS ? ts : ts * 1000)
}

/** The values of X-Forwarded-For. Caddy lists a header that was sent several times once, with all values. */
function parseForwarded(
  headers: JsonFields | undefined,
  { forwardedField = 'X-Forwarded-For' }: LineParserState,
): string | undefined {
  const values = headers?.[forwardedField]
  return Array.isArray(values) ? parseHeaderValue(values.join(', ')) : undefined
}
