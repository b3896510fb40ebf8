import { formatCount, type Tick, textWidth } from './svg.ts'

/** The space between the labels of two ticks, at least, in pixels. */
const GAP = 12

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

/** Usual distances of times: up to a day in minutes, and above it whole days. */
const TIME_STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 7, 14, 28, 91, 182, 364, 1820].map((days) => days * DAY_MS),
]

const MOST_TIMES = 7

/** The top of a linear scale from 0, and its values: 3 to 6 multiples of 1, 2 or 5 times a power of ten. */
export function linearValues(highest: number): readonly number[] {
  const least = Math.max(1, highest) / 5
  const power = Math.max(1, 10 ** Math.floor(Math.log10(least)))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= least) ?? 10 * power
  return Array.from({ length: Math.ceil(Math.max(1, highest) / step) + 1 }, (_, index) => index * step)
}

/** 1, 2, 5, 10, 20, 50 and so on, at most `highest`. */
export function logarithmicValues(highest: number): readonly number[] {
  const values: number[] = []
  for (let power = 1; power <= highest; power *= 10) values.push(power, 2 * power, 5 * power)
  return values.filter((value) => value <= highest)
}

/** The ticks of these values whose labels have room beside those before them. */
export function ticksAt(
  values: readonly number[],
  positionOf: (value: number) => number,
  sizeOf: (label: string) => number,
): readonly Tick[] {
  const ticks: Tick[] = []
  let end = Number.NEGATIVE_INFINITY
  for (const value of values) {
    const [position, label] = [positionOf(value), formatCount(value)]
    const size = sizeOf(label)
    if (position - size / 2 < end) continue
    end = position + size / 2 + GAP
    ticks.push({ position, label })
  }
  return ticks
}

/** Ticks at numbers on a horizontal axis. */
export function horizontalTicks(
  values: readonly number[],
  positionOf: (value: number) => number,
): readonly Tick[] {
  return ticksAt(values, positionOf, textWidth)
}

/** Ticks at numbers on a vertical scale. A line of text is 12 pixels high. */
export function verticalTicks(
  values: readonly number[],
  positionOf: (value: number) => number,
): readonly Tick[] {
  return ticksAt(values, positionOf, () => 12 - GAP)
}

/** Ticks at round times in UTC. The date is below the first time of each day. */
export function timeTicks(startMs: number, endMs: number, width: number): readonly Tick[] {
  const spanMs = endMs - startMs
  const stepMs = TIME_STEPS_MS.find((step) => spanMs / step <= MOST_TIMES) ?? spanMs
  const ticks: Tick[] = []
  let lastDate = ''
  for (let timeMs = Math.ceil(startMs / stepMs) * stepMs; timeMs <= endMs; timeMs += stepMs) {
    const [date = '', time = ''] = new Date(timeMs).toISOString().slice(0, 16).split('T')
    const position = ((timeMs - startMs) / spanMs) * width
    if (stepMs >= DAY_MS) ticks.push({ position, label: date })
    else ticks.push({ position, label: time, ...(date === lastDate ? {} : { subLabel: date }) })
    lastDate = date
  }
  return ticks
}
