import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { parseJsonFields } from './json/json-fields.ts'
import { MAX_LINE_LENGTH } from './line-blocks.ts'
import { BYTE_ORDER_MARK, LOG_FORMATS, type LogFormat } from './line-parser.ts'
import { type ParsedLine, shorten } from './log-entry.ts'
import { logName } from './log-file.ts'

/** So many names of fields are shown, and the others are counted. */
const MAX_SHOWN_NAMES = 12

/** What the lines of a log hold, for the error about a log of which no line can be read. */
export class LogContents {
  #isKnown = false
  #lines = 0
  #jsonLines = 0
  #textLines = 0
  #overlongLines = 0
  /** The names in the first JSON object, or in the last line `#Fields`. */
  #names: readonly string[] = []
  #hasBinaryData = false
  /** The beginning of the first line that is not empty. */
  #start = ''
  #firstReason = ''

  /** Whether the format is known. More lines need not be added then. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  add(line: string, parsed: ParsedLine | undefined): void {
    this.#lines++
    if (parsed === undefined) {
      if (line.startsWith('#Fields:')) this.#names = line.split(/\s+/).slice(1)
    } else if (!('unreadable' in parsed) || parsed.inKnownFormat === true) {
      this.#isKnown = true
    } else if (line.trim() !== '') {
      this.#countUnreadable(withoutMark(line), parsed.unreadable)
    }
  }

  /**
   * Throws the error of a log whose lines cannot be read. Does nothing for a log without lines, because a
   * server that had no requests writes such logs too.
   *
   * @throws RateLimiterError `invalid_option`, which says what was found
   */
  check(path: string, format: LogFormat): void {
    if (this.#isKnown || this.#firstReason === '') return
    throw new RateLimiterError({
      code: 'invalid_option',
      option: logName(path),
      problem: `has no line that can be read. It has ${this.#description()}; ${this.#firstReason}`,
      remedy: this.#remedy(format),
    })
  }

  #countUnreadable(line: string, reason: string): void {
    if (this.#firstReason === '') {
      this.#firstReason = `line ${this.#lines}: ${reason}`
      this.#start = line.trimStart().slice(0, 2)
    }
    if (line.includes('\0')) this.#hasBinaryData = true
    if (line.length > MAX_LINE_LENGTH) {
      this.#overlongLines++
      return
    }
    const fields = line.startsWith('{') && this.#jsonLines === 0 ? parseJsonFields(line) : undefined
    if (fields !== undefined) this.#names = Object.keys(fields)
    if (fields !== undefined || (this.#jsonLines > 0 && line.startsWith('{'))) this.#jsonLines++
    else this.#textLines++
  }

  #description(): string {
    if (this.#isSpreadJson) return 'JSON that is not one object a line'
    const parts: string[] = []
    const names = listNames(this.#names)
    if (this.#jsonLines > 0) parts.push(`${countLines(this.#jsonLines)} of JSON with the keys ${names}`)
    if (this.#textLines > 0) {
      const isW3c = this.#names.length > 0 && this.#jsonLines === 0
      const kind = this.#hasBinaryData ? 'binary data' : 'text'
      parts.push(`${countLines(this.#textLines)} of ${kind}${isW3c ? ` with the fields ${names}` : ''}`)
    }
    if (this.#overlongLines > 0) {
      parts.push(`${countLines(this.#overlongLines)} with more than ${MAX_LINE_LENGTH} characters`)
    }
    return parts.join(' and ')
  }

  /** Whether the log is one JSON document, such as `gcloud logging read --format=json` writes it. */
  get #isSpreadJson(): boolean {
    return this.#jsonLines === 0 && ['{', '[', '[{'].includes(this.#start)
  }

  #remedy(format: LogFormat): string {
    if (this.#isSpreadJson) return "Write one object a line, for example with jq -c '.[]'."
    if (format !== 'auto') return 'Leave --format out, so that the format is recognised by itself.'
    const formats = LOG_FORMATS.filter((name) => name !== 'auto').join(', ')
    return `The formats that can be read are ${formats}.`
  }
}

function withoutMark(line: string): string {
  return line.startsWith(BYTE_ORDER_MARK) ? line.slice(BYTE_ORDER_MARK.length) : line
}

function countLines(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN_NAMES).map(shorten).join(', ')
  return names.length > MAX_SHOWN_NAMES ? `${shown} and ${names.length - MAX_SHOWN_NAMES} more` : shown
}
