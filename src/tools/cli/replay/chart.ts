import type { OfflineLimiter } from './offline-limiter.ts'
import type { Replayer } from './replayer.ts'
import { drawRequestsPanel } from './requests-panel.ts'
import { usageCounts } from './summary.ts'
import { PANEL_HEIGHT, TEXT_COLOUR, WIDTH } from './svg.ts'
import { drawUsagePanel } from './usage-panel.ts'

/** Draws the requests over time, and for each class the clients by their highest usage, as one SVG. */
export function drawChart(replayer: Replayer, limiter: OfflineLimiter): string {
  const panels = [drawRequestsPanel(replayer)]
  for (const requestClass of limiter.classes) {
    const limit = limiter.limitOf(requestClass)
    const counts = usageCounts(requestClass, replayer)
    if (limit !== undefined && counts.length > 0) panels.push(drawUsagePanel(requestClass, counts, limit))
  }
  const height = panels.length * PANEL_HEIGHT
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"`,
    `  font-family="-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="${TEXT_COLOUR}">`,
    '  <title>Allowed and refused requests of a log, and clients by their highest usage</title>',
    ...panels.map(
      (panel, index) => `  <g transform="translate(0 ${index * PANEL_HEIGHT})">\n${panel}\n  </g>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}
