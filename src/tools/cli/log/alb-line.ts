import { createEntry, type LineParserState } from './line-parser-state.ts'
import { type ParsedLine, shorten } from './log-entry.ts'
import { endOfQuoted, missingPart } from './quoted-part.ts'
import {
  noAddress,
  parseAddressAndPort,
  parseRequestLine,
  parseStatus,
  withoutOrigin,
} from './request-parts.ts'

/** The first two fields of a line: the type of the request or connection, and the time of the response. */
export const ALB_START: RegExp = /^(?:https?|h2|grpcs?|wss?) \d{4}-\d\d-\d\dT/

/**
 * The fields before the request: type, time, load balancer, client:port, target:port, three durations, status,
 * status of the target, bytes received, bytes sent.
 */
const FIELDS = /^\S+ (\S+) \S+ (\S+) \S+ \S+ \S+ \S+ (\S+) \S+ \S+ \S+ (?=")/

/** The quoted parts before the time at which the request came: trace, domain and certificate. */
const QUOTED_BEFORE_CREATION = 3

const CREATION_TIME = / \S+ (\S+)/y

/**
 * Parses a line of the access log of an AWS Application Load Balancer. The time is that at which the load
 * balancer received the request, which is field `request_creation_time`. The format has no X-Forwarded-For.
 */
export function parseAlbLine(line: string, state: LineParserState): ParsedLine {
  const fields = FIELDS.exec(line)
  if (fields === null) return missingPart('type, time, client, target, durations, statuses and sizes', 0)
  const [start, responseTime = '', peer = '', status] = fields
  const address = parseAddressAndPort(peer)
  if (address === undefined) return noAddress('client', peer)
  const requestStart = start.length
  const requestEnd = endOfQuoted(line, requestStart)
  if (requestEnd < 0) return missingPart('quoted request', requestStart)
  const request = withoutOrigin(parseRequestLine(line.slice(requestStart + 1, requestEnd)))
  const time = creationTime(line, requestEnd) ?? responseTime
  const timeMs = state.times.parseIsoTime(time)
  if (timeMs === undefined) {
    return { unreadable: `the time '${shorten(time)}' is not like 2018-07-02T22:22:48.364000Z` }
  }
  if ('unreadable' in request) return request
  return createEntry({ address, forwarded: undefined, timeMs, request, status: parseStatus(status) }, state)
}

/** The time at which the request came; undefined in old logs, which do not have it. */
function creationTime(line: string, requestEnd: number): string | undefined {
  let end = endOfQuoted(line, requestEnd + 2)
  for (let parts = 0; parts < QUOTED_BEFORE_CREATION && end !== -1; parts++) {
    const start = line.indexOf('"', end + 1)
    end = start === -1 ? -1 : endOfQuoted(line, start)
  }
  if (end === -1) return undefined
  CREATION_TIME.lastIndex = end + 1
  return CREATION_TIME.exec(line)?.[1]
}
