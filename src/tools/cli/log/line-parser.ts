import { isIP } from 'node:net'
import { ALB_START, parseAlbLine } from './alb-line.ts'
import { parseCombinedLine, parseVhostLine } from './combined-line.ts'
import { HAPROXY_TIME, parseHaproxyLine } from './haproxy-line.ts'
import { parseCaddyFields } from './json/caddy-json.ts'
import { parseGoogleCloudFields } from './json/google-cloud-json.ts'
import { parseJsonLine } from './json/json-line.ts'
import { parseTraefikFields } from './json/traefik-json.ts'
import { MAX_LINE_LENGTH } from './line-blocks.ts'
import type { LineParserState } from './line-parser-state.ts'
import type { ParsedLine } from './log-entry.ts'
import { LogTimeParser } from './log-time.ts'
import { TextPool } from './text-pool.ts'
import { CLOUDFRONT_START, W3cLineParser } from './w3c-line-parser.ts'

/** The formats of logs. With `auto` the format is found for each line, and `json` is any of those in JSON. */
export const LOG_FORMATS = [
  'auto',
  'combined',
  'common',
  'vhost_combined',
  'json',
  'caddy',
  'traefik',
  'google-cloud',
  'alb',
  'cloudfront',
  'iis',
  'haproxy',
] as const

export type LogFormat = (typeof LOG_FORMATS)[number]

/** Parses one line. Returns undefined for a line that describes the log, such as `#Fields: ...`. */
export type LineParser = (line: string) => ParsedLine | undefined

/** UTF-8's byte order mark, as three characters: the lines of a log hold one character for each byte. */
export const BYTE_ORDER_MARK = '\xef\xbb\xbf'

/**
 * Makes the parser of one log. Each log needs its own, because a line of a log can name the fields of the
 * lines after it.
 *
 * @param forwardedField the field that holds X-Forwarded-For, where it has an unusual name; for HAProxy the
 *   number of the captured request header
 */
export function createLineParser(format: LogFormat, forwardedField: string | undefined): LineParser {
  const parse = parserOf(format, { times: new LogTimeParser(), texts: new TextPool(), forwardedField })
  return (line) => {
    if (line === '' || line.trim() === '') return { unreadable: 'the line is empty' }
    if (line.length > MAX_LINE_LENGTH) {
      return { unreadable: `the line is longer than ${MAX_LINE_LENGTH} characters` }
    }
    const parsed = parse(line)
    // Not only the first line can begin with the mark: `cat` joins files that begin with it.
    return parsed !== undefined && 'unreadable' in parsed && line.startsWith(BYTE_ORDER_MARK)
      ? parse(line.slice(BYTE_ORDER_MARK.length))
      : parsed
  }
}

function parserOf(format: LogFormat, state: LineParserState): LineParser {
  switch (format) {
    case 'auto':
      return recognisingParser(state)
    case 'combined':
    case 'common':
      return (line) => parseCombinedLine(line, state, format === 'combined')
    case 'vhost_combined':
      return (line) => parseVhostLine(line, state)
    case 'json':
      return (line) => parseJsonLine(line, state)
    case 'caddy':
      return (line) => parseJsonLine(line, state, parseCaddyFields)
    case 'traefik':
      return (line) => parseJsonLine(line, state, parseTraefikFields)
    case 'google-cloud':
      return (line) => parseJsonLine(line, state, parseGoogleCloudFields)
    case 'alb':
      return (line) => parseAlbLine(line, state)
    case 'haproxy':
      return (line) => parseHaproxyLine(line, state)
    default:
      return w3cParser(format, new W3cLineParser(state))
  }
}

function w3cParser(format: 'cloudfront' | 'iis', lines: W3cLineParser): LineParser {
  if (format === 'cloudfront') lines.useCloudFrontFields()
  return (line) => (lines.readDirective(line) ? undefined : lines.parse(line))
}

/** Most lines are of the common or the combined format, so a line is tried as such before the other formats. */
function recognisingParser(state: LineParserState): LineParser {
  const w3cLines = new W3cLineParser(state)
  return (line) => {
    if (line.startsWith('{')) return parseJsonLine(line, state)
    if (line.startsWith('#') && w3cLines.readDirective(line)) return undefined
    const parsed = parseCombinedLine(line, state, false)
    return 'unreadable' in parsed ? (parseOtherLine(line, state, w3cLines) ?? parsed) : parsed
  }
}

/** Parses a line of a format that is neither combined nor JSON; undefined where it looks like none of them. */
function parseOtherLine(
  line: string,
  state: LineParserState,
  w3cLines: W3cLineParser,
): ParsedLine | undefined {
  if (w3cLines.hasFields) return w3cLines.parse(line)
  if (ALB_START.test(line)) return parseAlbLine(line, state)
  if (HAPROXY_TIME.test(line)) return parseHaproxyLine(line, state)
  const [, second = ''] = line.split(' ', 2)
  if (isIP(second) !== 0) return parseVhostLine(line, state)
  if (!CLOUDFRONT_START.test(line)) return undefined
  w3cLines.useCloudFrontFields()
  return w3cLines.parse(line)
}
