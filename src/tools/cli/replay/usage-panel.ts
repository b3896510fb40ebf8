import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import { REFUSED_SHARES, suggestLimit, type UsageCount } from './suggested-limits.ts'
import {
  ALLOWED_COLOUR,
  drawAxes,
  drawBar,
  drawHeading,
  drawText,
  PLOT,
  REFUSED_COLOUR,
  TEXT_COLOUR,
} from './svg.ts'

const BAR_COUNT = 68

/**
 * Draws the clients by their highest usage. Both scales are logarithmic: a few clients use hundreds of times
 * as much as the others, and one client above the limit must be visible beside ten thousand below it.
 */
export function drawUsagePanel(
  requestClass: RequestClass,
  counts: readonly UsageCount[],
  limit: Limit,
): string {
  const highestUnits = Math.max(limit.burst, counts.at(-1)?.units ?? 1)
  const xOf = (units: number): number => positionOf(units, highestUnits)
  const bars = clientBars(counts, limit, xOf)
  const highestBar = bars.reduce((highest, { clients }) => Math.max(highest, clients), 0)
  const seconds = limit.windowMs / 1000
  return [
    drawHeading(
      `Clients by their highest number of ${requestClass === 'any' ? 'request' : requestClass}s in ${seconds} s (${limit.algorithm}; logarithmic)`,
    ),
    drawAxes(highestBar),
    ...drawBars(bars, highestBar),
    ...drawMarks(counts, limit, xOf),
    drawText(PLOT.left, PLOT.top + PLOT.height + 16, '1'),
    drawText(PLOT.left + PLOT.width, PLOT.top + PLOT.height + 16, String(highestUnits), 'end'),
  ].join('\n')
}

interface ClientBar {
  clients: number
  /** Whether clients of the bar are above the limit. */
  isAbove: boolean
}

/** The clients in each of the bars. */
function clientBars(
  counts: readonly UsageCount[],
  limit: Limit,
  xOf: (units: number) => number,
): readonly ClientBar[] {
  const bars = Array.from({ length: BAR_COUNT }, (): ClientBar => ({ clients: 0, isAbove: false }))
  for (const { units, clients } of counts) {
    const bar = bars[Math.min(BAR_COUNT - 1, Math.floor(xOf(units) * BAR_COUNT))]
    if (bar === undefined) continue
    bar.clients += clients
    bar.isAbove ||= units > limit.burst
  }
  return bars
}

function drawBars(bars: readonly ClientBar[], highestBar: number): string[] {
  const width = PLOT.width / BAR_COUNT
  const scale = PLOT.height / Math.log1p(Math.max(1, highestBar))
  return bars.flatMap(({ clients, isAbove }, index) => {
    if (clients === 0) return []
    const colour = isAbove ? REFUSED_COLOUR : ALLOWED_COLOUR
    return [drawBar(PLOT.left + index * width, width * 0.85, Math.log1p(clients) * scale, colour)]
  })
}

/** Draws the limit that the replay used, and the suggested limits. */
function drawMarks(counts: readonly UsageCount[], limit: Limit, xOf: (units: number) => number): string[] {
  const marks = [{ units: limit.burst, label: `limit ${limit.burst}`, y: PLOT.top - 4 }]
  for (const [index, share] of REFUSED_SHARES.entries()) {
    const suggested = suggestLimit(counts, share)
    if (suggested === undefined || share === 0) continue
    marks.push({
      units: suggested.limit,
      label: `${share * 100} %: ${suggested.limit}`,
      y: PLOT.top + 6 + 14 * index,
    })
  }
  return marks.map(({ units, label, y }) => {
    const x = Math.round(PLOT.left + xOf(units) * PLOT.width)
    const isRight = x > PLOT.left + PLOT.width / 2
    const line = `    <path d="M${x} ${y - 8}V${PLOT.top + PLOT.height}" stroke="${TEXT_COLOUR}" stroke-dasharray="3 3" fill="none"/>`
    return `${line}\n${drawText(isRight ? x - 4 : x + 4, y, label, isRight ? 'end' : 'start')}`
  })
}

/** The horizontal position: 0 for one unit, 1 for one unit more than the highest. */
function positionOf(units: number, highestUnits: number): number {
  return Math.log(units) / Math.log(highestUnits + 1)
}
