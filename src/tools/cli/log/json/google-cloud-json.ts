import { createEntry, type LineParserState } from '../line-parser-state.ts'
import type { ParsedLine } from '../log-entry.ts'
import {
  checkParts,
  noAddress,
  parseAddress,
  parseAddressAndPort,
  parseStatus,
  withoutOrigin,
} from '../request-parts.ts'
import { asJsonFields, type JsonFields, textOf } from './json-fields.ts'

/**
 * Parses a LogEntry of Google Cloud Logging (load balancer, Cloud Run, App Engine): `timestamp`, and
 * `httpRequest` with `remoteIp` (with or without a port), `requestMethod`, `requestUrl` and `status`. The
 * format has no X-Forwarded-For.
 */
export function parseGoogleCloudFields(fields: JsonFields, state: LineParserState): ParsedLine {
  const httpRequest = asJsonFields(fields.httpRequest)
  if (httpRequest === undefined) return { unreadable: 'no httpRequest' }
  const peer = textOf(httpRequest.remoteIp)
  const address = peer === undefined ? undefined : (parseAddress(peer) ?? parseAddressAndPort(peer))
  if (address === undefined) return noAddress('httpRequest.remoteIp', peer)
  const time = textOf(fields.timestamp)
  const timeMs = time === undefined ? undefined : state.times.parseIsoTime(time)
  if (timeMs === undefined) return { unreadable: 'no time in timestamp' }
  const { requestMethod: method, requestUrl: url } = httpRequest
  if (typeof method !== 'string' || typeof url !== 'string') {
    return { unreadable: 'no httpRequest.requestMethod with httpRequest.requestUrl' }
  }
  const request = withoutOrigin(checkParts(method, url))
  if ('unreadable' in request) return request
  const status = parseStatus(httpRequest.status)
  return createEntry({ address, forwarded: undefined, timeMs, request, status }, state)
}
