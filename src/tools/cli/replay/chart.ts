import type { OfflineLimiter } from './offline-limiter.ts'
import type { Replayer } from './replayer.ts'
import { drawRequestsPanel } from './requests-panel.ts'
import { usageCounts } from './summary.ts'
import { drawSvg } from './svg.ts'
import { drawUsagePanel } from './usage-panel.ts'

/** Draws the requests over time, and for each class the clients by their highest usage, as one SVG. */
export function drawChart(replayer: Replayer, limiter: OfflineLimiter): string {
  const panels = [drawRequestsPanel(replayer)]
  for (const requestClass of limiter.classes) {
    const limit = limiter.limitOf(requestClass)
    const counts = usageCounts(requestClass, replayer)
    if (limit === undefined || counts.length === 0) continue
    const compared = replayer.compared
      .filter((one) => one.requestClass === requestClass)
      .flatMap((one) => one.limit?.burst ?? [])
    panels.push(drawUsagePanel({ requestClass, counts, limit, compared }))
  }
  return drawSvg('Allowed and refused requests of a log, and clients by their highest usage', panels)
}
