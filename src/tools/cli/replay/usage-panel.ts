import { calendarText } from '../../../limits/calendar.ts'
import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import { drawMarks, limitMarks, marksHeight, placeMarks, SUGGESTION_DASHES } from './limit-marks.ts'
import type { UsageCount } from './suggested-limits.ts'
import {
  ALLOWED_COLOUR,
  drawAxis,
  drawBar,
  drawHeading,
  drawLegend,
  drawScale,
  FOOT_HEIGHT,
  formatCount,
  HEAD_HEIGHT,
  type Panel,
  type Plot,
  REFUSED_COLOUR,
} from './svg.ts'
import { horizontalTicks, logarithmicValues, verticalTicks } from './ticks.ts'

const BAR_COUNT = 60

/** The space on the right is for the label of the highest limit. */
const SIZE = { left: 72, width: 600, height: 160 }

/** What the panel of one class shows. */
export interface ClassUsage {
  readonly requestClass: RequestClass
  /** The clients by their highest usage; at least one. */
  readonly counts: readonly UsageCount[]
  /** The limit of the replay. */
  readonly limit: Limit
  /** The limits that are compared, in units; empty if none are. */
  readonly compared: readonly number[]
}

/**
 * Draws the clients by their highest usage. Both scales are logarithmic: a few clients use hundreds of times
 * as much as the others, and one client above the limit must be visible beside ten thousand below it.
 */
export function drawUsagePanel({ requestClass, counts, limit, compared }: ClassUsage): Panel {
  const highestUnits = Math.max(limit.burst, ...compared, counts.at(-1)?.units ?? 1)
  // 0 for one unit, and the whole width for one unit more than the highest.
  const xOf = (units: number): number => (Math.log(units) / Math.log(highestUnits + 1)) * SIZE.width
  const bars = clientBars(counts, limit, xOf)
  const highestBar = bars.reduce((highest, { clients }) => Math.max(highest, clients), 0)
  const heightOf = (clients: number): number => (Math.log1p(clients) / Math.log1p(highestBar)) * SIZE.height
  const marks = placeMarks(limitMarks([limit.burst, ...compared], counts), xOf)
  const plot = { ...SIZE, top: HEAD_HEIGHT + marksHeight(marks) }
  const time =
    limit.calendar === undefined ? `in ${limit.windowMs / 1000} s` : `per ${calendarText(limit.calendar)}`
  const counted = `${requestClass === 'any' ? 'request' : requestClass}s ${time}`
  return {
    height: plot.top + plot.height + FOOT_HEIGHT,
    elements: [
      drawHeading(plot, `Clients by their highest number of ${counted} (${limit.algorithm})`),
      ...drawLegend(plot, [
        { label: 'not refused', colour: ALLOWED_COLOUR },
        { label: `above limit ${formatCount(limit.burst)}`, colour: REFUSED_COLOUR },
        { label: compared.length === 0 ? 'limit' : 'limits' },
        { label: 'refuses at most this share of clients', dashes: SUGGESTION_DASHES },
      ]),
      ...drawScale(plot, verticalTicks([0, ...logarithmicValues(highestBar)], heightOf)),
      ...drawBars(plot, bars, heightOf),
      ...drawMarks(plot, marks),
      ...drawAxis(
        plot,
        `highest number of ${counted} of a client; both scales are logarithmic`,
        horizontalTicks(logarithmicValues(highestUnits), xOf),
      ),
    ],
  }
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
    const bar = bars[Math.min(BAR_COUNT - 1, Math.floor((xOf(units) / SIZE.width) * BAR_COUNT))]
    if (bar === undefined) continue
    bar.clients += clients
    bar.isAbove ||= units > limit.burst
  }
  return bars
}

function drawBars(plot: Plot, bars: readonly ClientBar[], heightOf: (clients: number) => number): string[] {
  const width = plot.width / BAR_COUNT
  return bars.flatMap(({ clients, isAbove }, index) => {
    if (clients === 0) return []
    const colour = isAbove ? REFUSED_COLOUR : ALLOWED_COLOUR
    const bar = { x: index * width, width: width * 0.85, height: heightOf(clients), colour }
    return [drawBar(plot, bar).element]
  })
}
