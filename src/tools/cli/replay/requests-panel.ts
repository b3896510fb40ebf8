import { MINUTE_MS, type Replayer } from './replayer.ts'
import {
  ALLOWED_COLOUR,
  drawAxis,
  drawBar,
  drawHeading,
  drawLegend,
  drawScale,
  FOOT_HEIGHT,
  HEAD_HEIGHT,
  type Panel,
  type Plot,
  REFUSED_COLOUR,
} from './svg.ts'
import { linearValues, timeTicks, verticalTicks } from './ticks.ts'

const PLOT: Plot = { left: 72, top: HEAD_HEIGHT, width: 686, height: 160 }

/** More bars would be too narrow to see. */
const MAX_BARS = 170

/** The usual lengths of a bar, in minutes. */
const LENGTHS_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]

interface Bar {
  allowed: number
  refused: number
}

/** Draws the requests over time: a bar of the allowed requests, and above it the refused ones. */
export function drawRequestsPanel(replayer: Pick<Replayer, 'minutes' | 'firstMs' | 'lastMs'>): Panel {
  const firstMinute = Math.floor(replayer.firstMs / MINUTE_MS)
  const minuteCount = Math.floor(replayer.lastMs / MINUTE_MS) - firstMinute + 1
  const barMinutes = barLength(minuteCount)
  const bars = collectBars(replayer, firstMinute, minuteCount, barMinutes)
  const values = linearValues(bars.reduce((top, { allowed, refused }) => Math.max(top, allowed + refused), 0))
  const heightOf = (count: number): number => (count / (values.at(-1) ?? 1)) * PLOT.height
  const endMs = (firstMinute + bars.length * barMinutes) * MINUTE_MS
  return {
    height: HEAD_HEIGHT + PLOT.height + FOOT_HEIGHT,
    elements: [
      drawHeading(
        PLOT,
        replayer.minutes.size === 0 ? 'No requests' : `Requests, in bars of ${formatLength(barMinutes)}`,
      ),
      ...drawLegend(PLOT, [
        { label: 'allowed', colour: ALLOWED_COLOUR },
        { label: 'refused', colour: REFUSED_COLOUR },
      ]),
      ...drawScale(PLOT, verticalTicks(values, heightOf)),
      ...bars.flatMap((bar, index) => drawBars(bar, index, PLOT.width / bars.length, heightOf)),
      ...(replayer.minutes.size === 0
        ? []
        : drawAxis(PLOT, 'time, in UTC', timeTicks(firstMinute * MINUTE_MS, endMs, PLOT.width))),
    ],
  }
}

function collectBars(
  { minutes }: Pick<Replayer, 'minutes'>,
  firstMinute: number,
  minuteCount: number,
  barMinutes: number,
): readonly Bar[] {
  const bars = Array.from({ length: Math.ceil(minuteCount / barMinutes) }, () => ({ allowed: 0, refused: 0 }))
  for (const [minute, { requests, refused }] of minutes) {
    const bar = bars[Math.floor((minute - firstMinute) / barMinutes)]
    if (bar === undefined) continue
    bar.allowed += requests - refused
    bar.refused += refused
  }
  return bars
}

function drawBars(
  { allowed, refused }: Bar,
  index: number,
  width: number,
  heightOf: (count: number) => number,
): string[] {
  const shape = { x: index * width, width: width * 0.85 }
  const drawn: string[] = []
  let end = 0
  for (const [count, colour] of [
    [allowed, ALLOWED_COLOUR],
    [refused, REFUSED_COLOUR],
  ] as const) {
    if (count === 0) continue
    const bar = drawBar(PLOT, { ...shape, height: heightOf(count), colour }, end)
    drawn.push(bar.element)
    end = bar.end
  }
  return drawn
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
