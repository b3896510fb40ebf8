import { createEntry, type LineParserState } from './line-parser-state.ts'
import { type ParsedLine, shorten } from './log-entry.ts'
import {
  checkParts,
  noAddress,
  parseAddress,
  parseHeaderValue,
  parseStatus,
  withoutOrigin,
} from './request-parts.ts'

/** A line that describes the log, such as `#Version: 1.0`. */
const DIRECTIVE = /^#[A-Z][A-Za-z-]*:/

const FIELDS_DIRECTIVE = '#Fields:'

/** The fields of CloudFront's standard log that are read. They are the first ones, in a fixed order. */
const CLOUDFRONT_FIELDS =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) ' +
  'cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol ' +
  'cs-bytes time-taken x-forwarded-for'

/** The start of a line of CloudFront's standard log: date and time, each with a tab after it. */
export const CLOUDFRONT_START: RegExp = /^\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t/

/** The usual names of the field that holds X-Forwarded-For. In IIS the administrator chooses the name. */
const FORWARDED_FIELDS: readonly string[] = ['x-forwarded-for', 'cs(x-forwarded-for)']

/** The positions of the fields in a line; -1 where the log does not have the field. */
interface Columns {
  readonly date: number
  readonly time: number
  readonly address: number
  readonly method: number
  readonly target: number
  readonly query: number
  readonly status: number
  readonly forwarded: number
  /** The first field that is needed and that the log does not have. */
  readonly missing: string | undefined
}

/**
 * Parses lines of W3C's extended log file format, whose fields a line `#Fields:` names: IIS, and CloudFront's
 * standard log. The values have spaces or tabs between them, and times are in UTC.
 */
export class W3cLineParser {
  readonly #state: LineParserState
  #columns: Columns | undefined

  constructor(state: LineParserState) {
    this.#state = state
  }

  /** Whether the fields are known. */
  get hasFields(): boolean {
    return this.#columns !== undefined
  }

  /** Takes the fields of CloudFront's log until another line names the fields. */
  useCloudFrontFields(): void {
    this.#columns ??= this.#findColumns(CLOUDFRONT_FIELDS)
  }

  /** Reads a line that describes the log. Returns false for any other line. */
  readDirective(line: string): boolean {
    if (!DIRECTIVE.test(line)) return false
    if (line.startsWith(FIELDS_DIRECTIVE)) {
      this.#columns = this.#findColumns(line.slice(FIELDS_DIRECTIVE.length).trim())
    }
    return true
  }

  parse(line: string): ParsedLine {
    const columns = this.#columns
    if (columns === undefined) return { unreadable: 'no line #Fields before it' }
    if (columns.missing !== undefined) return { unreadable: `the line #Fields has no ${columns.missing}` }
    const values = line.split(line.includes('\t') ? '\t' : ' ')
    const peer = values[columns.address]
    const address = peer === undefined ? undefined : parseAddress(peer)
    if (address === undefined) return noAddress('c-ip', peer)
    const time = `${values[columns.date]}T${values[columns.time]}Z`
    const timeMs = this.#state.times.parseIsoTime(time)
    if (timeMs === undefined) return { unreadable: `the time '${shorten(time)}' is not a date and a time` }
    const query = parseHeaderValue(values[columns.query])
    const path = values[columns.target] ?? ''
    const target = query === undefined ? path : `${path}?${query}`
    const request = withoutOrigin(checkParts(values[columns.method] ?? '', target))
    if ('unreadable' in request) return request
    const forwarded = parseHeaderValue(values[columns.forwarded])
    return createEntry(
      {
        address,
        forwarded: forwarded === undefined ? undefined : decode(forwarded),
        timeMs,
        request,
        status: parseStatus(values[columns.status]),
      },
      this.#state,
    )
  }

  #findColumns(fields: string): Columns {
    const names = fields.toLowerCase().split(/\s+/)
    const { forwardedField } = this.#state
    const forwardedNames = forwardedField === undefined ? FORWARDED_FIELDS : [forwardedField.toLowerCase()]
    const uriField = names.includes('cs-uri-stem') ? 'cs-uri-stem' : 'cs-uri'
    return {
      date: names.indexOf('date'),
      time: names.indexOf('time'),
      address: names.indexOf('c-ip'),
      method: names.indexOf('cs-method'),
      target: names.indexOf(uriField),
      query: uriField === 'cs-uri' ? -1 : names.indexOf('cs-uri-query'),
      status: names.indexOf('sc-status'),
      forwarded: names.findIndex((name) => forwardedNames.includes(name)),
      missing: ['date', 'time', 'c-ip', 'cs-method', uriField].find((name) => !names.includes(name)),
    }
  }
}

/** CloudFront writes spaces and brackets as `%20` or `%2520` and the like, and IIS writes spaces as `+`. */
function decode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%(?:25)?([2-7][\da-f])/gi, (_encoded, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
}
