import { createEntry, type LineParserState } from '../line-parser-state.ts'
import type { ParsedLine } from '../log-entry.ts'
import {
  checkParts,
  noAddress,
  parseAddressAndPort,
  parseHeaderValue,
  parseStatus,
} from '../request-parts.ts'
import { type JsonFields, textOf } from './json-fields.ts'

/**
 * Parses JSON of Traefik's access log: `ClientAddr`, `ClientHost`, `StartUTC`, `RequestMethod`, `RequestPath`
 * and `DownstreamStatus`.
 */
export function parseTraefikFields(fields: JsonFields, state: LineParserState): ParsedLine {
  const peer = textOf(fields.ClientAddr)
  const address = peer === undefined ? undefined : parseAddressAndPort(peer)
  if (address === undefined) return noAddress('ClientAddr', peer)
  const time = textOf(fields.StartUTC) ?? textOf(fields.StartLocal) ?? textOf(fields.time)
  const timeMs = time === undefined ? undefined : state.times.parseIsoTime(time)
  if (timeMs === undefined) return { unreadable: 'no time in StartUTC, StartLocal or time' }
  const { RequestMethod: method, RequestPath: path } = fields
  if (typeof method !== 'string' || typeof path !== 'string') {
    return { unreadable: 'no RequestMethod with RequestPath' }
  }
  const request = checkParts(method, path)
  if ('unreadable' in request) return request
  const forwarded = parseForwarded(fields, address, state)
  const status = parseStatus(fields.DownstreamStatus)
  return createEntry({ address, forwarded, timeMs, request, status }, state)
}

/**
 * The headers of requests are logged by a setting only. `ClientHost` is always there: it is X-Forwarded-For
 * where the request has it, and the address of the peer where not.
 */
function parseForwarded(
  fields: JsonFields,
  peer: string,
  { forwardedField }: LineParserState,
): string | undefined {
  if (forwardedField !== undefined) return parseHeaderValue(fields[forwardedField])
  const { 'request_X-Forwarded-For': header, ClientHost: host } = fields
  return parseHeaderValue(header) ?? (host === peer ? undefined : parseHeaderValue(host))
}
