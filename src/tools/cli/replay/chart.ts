import { REQUEST_CLASSES } from '../../../limits/request-class.ts'
import type { OfflineLimiter } from './offline-limiter.ts'
import { peakPanel } from './peak-panel.ts'
import type { Replayer } from './replayer.ts'
import { peaksOf } from './summary.ts'
import { PANEL_HEIGHT, TEXT_COLOUR, WIDTH } from './svg.ts'
import { timePanel } from './time-panel.ts'

/** Requests over time, and how far clients went in each class, as one SVG. */
export function drawChart(replayer: Replayer, limiter: OfflineLimiter): string {
  const panels = [timePanel(replayer)]
  for (const requestClass of REQUEST_CLASSES) {
    const limit = limiter.limitOf(requestClass)
    const peaks = peaksOf(requestClass, replayer)
    if (limit !== undefined && peaks.length > 0) panels.push(peakPanel(requestClass, peaks, limit))
  }
  const height = panels.length * PANEL_HEIGHT
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"`,
    `  font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="${TEXT_COLOUR}">`,
    '  <title>Requests of a log, and what the limits make of them</title>',
    ...panels.map(
      (panel, index) => `  <g transform="translate(0 ${index * PANEL_HEIGHT})">\n${panel}\n  </g>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}
