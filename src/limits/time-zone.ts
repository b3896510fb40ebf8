/*
 * Local times of time zones. All that is known of a zone comes from `Intl`: its offset from UTC at an instant. A local
 * time is a number here: the milliseconds since the epoch of a UTC clock that shows the same.
 */

const DAY_MS = 86_400_000

/** `GMT`, `GMT+02:00`, and for some zones before 1972 `GMT-00:44:30`. */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/

/** A formatter takes long to create. There are a few hundred time zones. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/**
 * The formatter that shows the offset of a zone.
 *
 * @throws RangeError for a zone that `Intl` does not know
 */
export function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    formatters.set(timeZone, formatter)
  }
  return formatter
}

/** By how many milliseconds the clocks of a zone are ahead of UTC at an instant. */
export function offsetMs(timeZone: string, ms: number): number {
  const text = formatterOf(timeZone).format(ms)
  const match = OFFSET.exec(text)
  // To take an unknown text for UTC would end windows at wrong times.
  if (match === null) throw new Error(`Intl shows no offset of the time zone ${timeZone}: ${text}`)
  const [, sign, hours, minutes, seconds = 0] = match
  if (sign === undefined) return 0
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -size : size
}

/** The first instant after `fromMs`, up to `toMs`, with another offset than at `fromMs`. The offset changes once at most. */
export function offsetChange(timeZone: string, fromMs: number, toMs: number): number {
  const offset = offsetMs(timeZone, fromMs)
  let [before, after] = [fromMs, toMs]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetMs(timeZone, middle) === offset) before = middle
    else after = middle
  }
  return after
}

/**
 * The first instant at which the clocks of a zone show a local time; where they skip it, the instant at which they skip
 * it. At midnight this is where a day begins, as Temporal defines it (ECMAScript proposal Temporal, GetStartOfDay and
 * GetPossibleEpochNanoseconds), and `atStartOfDay` of java.time.
 */
export function firstInstantOf(timeZone: string, localMs: number): number {
  // The offset changes once at most in these two days.
  const before = offsetMs(timeZone, localMs - DAY_MS)
  const after = offsetMs(timeZone, localMs + DAY_MS)
  const instants = [localMs - before, localMs - after].filter((ms) => offsetMs(timeZone, ms) === localMs - ms)
  return instants.length > 0
    ? Math.min(...instants)
    : offsetChange(timeZone, localMs - after, localMs - before)
}
