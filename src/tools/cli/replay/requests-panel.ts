import { MINUTE_MS, type Replayer } from './replayer.ts'
import { ALLOWED_COLOUR, drawAxes, drawBar, drawHeading, drawText, PLOT, REFUSED_COLOUR } from './svg.ts'

/** More bars would be too narrow to see. */
const MAX_BARS = 170

/** The usual lengths of a bar, in minutes. */
const LENGTHS_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]

/** Draws the requests over time: a bar of the allowed requests, and above it the refused ones. */
export function drawRequestsPanel({
  minutes,
  firstMs,
  lastMs,
}: Pick<Replayer, 'minutes' | 'firstMs' | 'lastMs'>): string {
  const firstMinute = Math.floor(firstMs / MINUTE_MS)
  const minuteCount = Math.floor(lastMs / MINUTE_MS) - firstMinute + 1
  const barMinutes = barLength(minuteCount)
  const bars = Array.from({ length: Math.ceil(minuteCount / barMinutes) }, () => ({
    allowed: 0,
    refused: 0,
  }))
  for (const [minute, { requests, refused }] of minutes) {
    const bar = bars[Math.floor((minute - firstMinute) / barMinutes)]
    if (bar === undefined) continue
    bar.allowed += requests - refused
    bar.refused += refused
  }
  const highest = bars.reduce((top, { allowed, refused }) => Math.max(top, allowed + refused), 0)
  const width = PLOT.width / Math.max(1, bars.length)
  const scale = PLOT.height / Math.max(1, highest)
  const drawnBars = bars.flatMap(({ allowed, refused }, index) => {
    const x = PLOT.left + index * width
    const drawn: string[] = []
    if (allowed > 0) drawn.push(drawBar(x, width * 0.85, allowed * scale, ALLOWED_COLOUR))
    if (refused > 0) drawn.push(drawBar(x, width * 0.85, refused * scale, REFUSED_COLOUR, allowed * scale))
    return drawn
  })
  const labelY = PLOT.top + PLOT.height + 18
  return [
    drawHeading(`Requests in ${formatLength(barMinutes)}: allowed, and above them refused`),
    drawAxes(highest),
    ...drawnBars,
    drawText(PLOT.left, labelY, formatTime(firstMs)),
    drawText(PLOT.left + PLOT.width, labelY, formatTime(lastMs), 'end'),
  ].join('\n')
}

/**
 * The length of a bar, in minutes: the shortest with which all bars fit. Above a day it is a number of whole
 * days.
 */
function barLength(minuteCount: number): number {
  const usual = LENGTHS_MINUTES.find((length) => minuteCount / length <= MAX_BARS)
  return usual ?? Math.ceil(minuteCount / MAX_BARS / 1440) * 1440
}

function formatLength(minutes: number): string {
  if (minutes < 60) return minutes === 1 ? 'a minute' : `${minutes} minutes`
  if (minutes < 1440) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`
  return minutes === 1440 ? 'a day' : `${minutes / 1440} days`
}

function formatTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
