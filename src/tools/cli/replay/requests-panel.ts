import { MINUTE_MS, type Replayer } from './replayer.ts'
import { ADMITTED_COLOUR, axes, barAt, headingOf, PLOT, REFUSED_COLOUR, textAt } from './svg.ts'

/** Bars at most: narrower ones cannot be seen. */
const MOST_BARS = 170

/** Lengths of a bar in minutes that people can name. */
const LENGTHS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]

/** Requests over time: admitted ones with the refused ones on top. */
export function timePanel({
  minutes,
  firstMs,
  lastMs,
}: Pick<Replayer, 'minutes' | 'firstMs' | 'lastMs'>): string {
  const firstMinute = Math.floor(firstMs / MINUTE_MS)
  const span = Math.floor(lastMs / MINUTE_MS) - firstMinute + 1
  const length = LENGTHS.find((one) => span / one <= MOST_BARS) ?? Math.ceil(span / MOST_BARS / 1440) * 1440
  const bars = Array.from({ length: Math.ceil(span / length) }, () => ({ admitted: 0, refused: 0 }))
  for (const [minute, { requests, refused }] of minutes) {
    const bar = bars[Math.floor((minute - firstMinute) / length)]
    if (bar === undefined) continue
    bar.admitted += requests - refused
    bar.refused += refused
  }
  const most = bars.reduce((top, { admitted, refused }) => Math.max(top, admitted + refused), 0)
  const width = PLOT.width / Math.max(1, bars.length)
  const scale = PLOT.height / Math.max(1, most)
  const drawn = bars.flatMap(({ admitted, refused }, index) => {
    const x = PLOT.left + index * width
    const shown: string[] = []
    if (admitted > 0) shown.push(barAt(x, width * 0.85, admitted * scale, ADMITTED_COLOUR))
    if (refused > 0) shown.push(barAt(x, width * 0.85, refused * scale, REFUSED_COLOUR, admitted * scale))
    return shown
  })
  const base = PLOT.top + PLOT.height + 18
  return [
    headingOf(`Requests in ${lengthText(length)}: admitted, and refused on top of them`),
    axes(most),
    ...drawn,
    textAt(PLOT.left, base, timeText(firstMs)),
    textAt(PLOT.left + PLOT.width, base, timeText(lastMs), 'end'),
  ].join('\n')
}

function lengthText(minutes: number): string {
  if (minutes < 60) return minutes === 1 ? 'a minute' : `${minutes} minutes`
  if (minutes < 1440) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`
  return minutes === 1440 ? 'a day' : `${minutes / 1440} days`
}

function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
