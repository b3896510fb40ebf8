const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The length of `17/May/2015:10:05:03 +0000`. */
export const LOG_TIME_LENGTH = 26

const LOG_TIME = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/

/**
 * Parses the times of a log. It keeps the last results: lines that follow each other mostly have the same
 * second, and nearly always the same day.
 */
export class LogTimeParser {
  #text = ''
  #timeMs: number | undefined
  #day = ''
  #zone = ''
  #dayMs: number | undefined

  /**
   * Milliseconds since the epoch of a time such as `17/May/2015:10:05:03 +0000`; undefined for anything else.
   */
  parseLogTime(text: string): number | undefined {
    if (text === this.#text) return this.#timeMs
    this.#timeMs = this.#parse(text)
    this.#text = text
    return this.#timeMs
  }

  /** Milliseconds since the epoch of a time such as `2015-05-17T10:05:03+00:00` (RFC 3339), or undefined. */
  parseIsoTime(text: string): number | undefined {
    if (text === this.#text) return this.#timeMs
    const timeMs = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN
    this.#timeMs = Number.isNaN(timeMs) ? undefined : timeMs
    this.#text = text
    return this.#timeMs
  }

  #parse(text: string): number | undefined {
    if (!LOG_TIME.test(text)) return undefined
    const day = text.slice(0, 11)
    const zone = text.slice(21)
    if (day !== this.#day || zone !== this.#zone) {
      this.#dayMs = startOfDayMs(day, zone)
      this.#day = day
      this.#zone = zone
    }
    const hour = twoDigits(text, 12)
    const minute = twoDigits(text, 15)
    const second = twoDigits(text, 18)
    // A leap second is written as second 60.
    if (this.#dayMs === undefined || hour > 23 || minute > 59 || second > 60) return undefined
    return this.#dayMs + ((hour * 60 + minute) * 60 + second) * 1000
  }
}

/** The number of two digits. 528 is eleven times the code of '0'. */
function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
}

/**
 * Midnight of a day such as `17/May/2015` in a zone such as `+0200`; undefined where there is no such day.
 */
function startOfDayMs(day: string, zone: string): number | undefined {
  const month = MONTHS.indexOf(day.slice(3, 6))
  const dayOfMonth = twoDigits(day, 0)
  const localMs = Date.UTC(Number(day.slice(7)), month, dayOfMonth)
  // Date.UTC turns 31 April into 1 May.
  if (month < 0 || new Date(localMs).getUTCDate() !== dayOfMonth) return undefined
  const zoneMs = (twoDigits(zone, 1) * 60 + twoDigits(zone, 3)) * 60_000
  return zone.startsWith('-') ? localMs + zoneMs : localMs - zoneMs
}
