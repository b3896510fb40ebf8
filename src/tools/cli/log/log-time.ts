const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As long as `17/May/2015:10:05:03 +0000`. */
export const LOG_TIME_LENGTH = 26

const LOG_TIME = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$/
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/

/**
 * Reads the times of a log. Neighbouring lines are mostly of one second, and nearly always of one day: what was
 * read last is remembered.
 */
export class LogTimes {
  #text = ''
  #timeMs: number | undefined
  #day = ''
  #zone = ''
  #dayMs: number | undefined

  /** Milliseconds since the epoch of a time such as `17/May/2015:10:05:03 +0000`; undefined for anything else. */
  ofLog(text: string): number | undefined {
    if (text === this.#text) return this.#timeMs
    this.#timeMs = this.#read(text)
    this.#text = text
    return this.#timeMs
  }

  /** The same of a time such as `2015-05-17T10:05:03+00:00` (RFC 3339). */
  ofIso(text: string): number | undefined {
    if (text === this.#text) return this.#timeMs
    const timeMs = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN
    this.#timeMs = Number.isNaN(timeMs) ? undefined : timeMs
    this.#text = text
    return this.#timeMs
  }

  #read(text: string): number | undefined {
    if (!LOG_TIME.test(text)) return undefined
    const day = text.slice(0, 11)
    const zone = text.slice(21)
    if (day !== this.#day || zone !== this.#zone) {
      this.#dayMs = startOfDay(day, zone)
      this.#day = day
      this.#zone = zone
    }
    const hour = digits(text, 12)
    const minute = digits(text, 15)
    const second = digits(text, 18)
    // A leap second is written as the 60th.
    if (this.#dayMs === undefined || hour > 23 || minute > 59 || second > 60) return undefined
    return this.#dayMs + ((hour * 60 + minute) * 60 + second) * 1000
  }
}

/** The number that two digits are. */
function digits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
}

/** Midnight of a day such as `17/May/2015` in a zone such as `+0200`; undefined where there is no such day. */
function startOfDay(day: string, zone: string): number | undefined {
  const month = MONTHS.indexOf(day.slice(3, 6))
  const dayOfMonth = digits(day, 0)
  const localMs = Date.UTC(Number(day.slice(7)), month, dayOfMonth)
  // Date.UTC turns the 31st of April into the 1st of May.
  if (month < 0 || new Date(localMs).getUTCDate() !== dayOfMonth) return undefined
  const zoneMs = (digits(zone, 1) * 60 + digits(zone, 3)) * 60_000
  return zone.startsWith('-') ? localMs + zoneMs : localMs - zoneMs
}
