import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import { limitFor, type PeakCount, SHARES } from './peaks.ts'
import { ADMITTED_COLOUR, axes, barAt, headingOf, PLOT, REFUSED_COLOUR, TEXT_COLOUR, textAt } from './svg.ts'

const BARS = 68

/** How many clients had which peak: the peaks in powers, since a few clients ask for hundreds of times the rest. */
export function peakPanel(requestClass: RequestClass, peaks: readonly PeakCount[], limit: Limit): string {
  const highest = Math.max(limit.burst, peaks.at(-1)?.units ?? 1)
  const xOf = (units: number): number => positionOf(units, highest)
  const bars = Array.from({ length: BARS }, () => ({ clients: 0, isAbove: false }))
  for (const { units, clients } of peaks) {
    const bar = bars[Math.min(BARS - 1, Math.floor(xOf(units) * BARS))]
    if (bar === undefined) continue
    bar.clients += clients
    bar.isAbove ||= units > limit.burst
  }
  const most = bars.reduce((top, { clients }) => Math.max(top, clients), 0)
  const width = PLOT.width / BARS
  // By the logarithm too: one client above the limit must be seen beside ten thousand below it.
  const scale = PLOT.height / Math.log1p(Math.max(1, most))
  const drawn = bars.flatMap(({ clients, isAbove }, index) =>
    clients === 0
      ? []
      : [
          barAt(
            PLOT.left + index * width,
            width * 0.85,
            Math.log1p(clients) * scale,
            isAbove ? REFUSED_COLOUR : ADMITTED_COLOUR,
          ),
        ],
  )
  const seconds = limit.windowMs / 1000
  return [
    headingOf(`Clients by their most ${requestClass}s in ${seconds} s (${limit.algorithm}; logarithmic)`),
    axes(most),
    ...drawn,
    ...marksOf(peaks, limit, xOf),
    textAt(PLOT.left, PLOT.top + PLOT.height + 16, '1'),
    textAt(PLOT.left + PLOT.width, PLOT.top + PLOT.height + 16, String(highest), 'end'),
  ].join('\n')
}

/** The limit that was tried, and those that would refuse some shares. */
function marksOf(peaks: readonly PeakCount[], limit: Limit, xOf: (units: number) => number): string[] {
  const marks = [{ units: limit.burst, label: `limit ${limit.burst}`, y: PLOT.top - 4 }]
  for (const [index, share] of SHARES.entries()) {
    const found = limitFor(peaks, share)
    if (found === undefined || share === 0) continue
    marks.push({
      units: found.limit,
      label: `${share * 100} %: ${found.limit}`,
      y: PLOT.top + 6 + 14 * index,
    })
  }
  return marks.map(({ units, label, y }) => {
    const x = Math.round(PLOT.left + xOf(units) * PLOT.width)
    const isRight = x > PLOT.left + PLOT.width / 2
    const line = `    <path d="M${x} ${y - 8}V${PLOT.top + PLOT.height}" stroke="${TEXT_COLOUR}" stroke-dasharray="3 3" fill="none"/>`
    return `${line}\n${textAt(isRight ? x - 4 : x + 4, y, label, isRight ? 'end' : 'start')}`
  })
}

/** From 0 for one unit to 1 for just above the highest. */
function positionOf(units: number, highest: number): number {
  return Math.log(units) / Math.log(highest + 1)
}
