import type { AuditWords } from '../../audit/audit-words.ts'
import type { CheckedRoutes } from '../../audit/checked-routes.ts'
import { failureProblem, failureRemedy } from '../../audit/failure.ts'
import { formatRoutes } from '../../audit/format-routes.ts'
import type { RouteEntry } from '../../audit/route-report.ts'

/** The table of all routes, and one line with the result. */
export function textReport({ report, failing }: CheckedRoutes, words: AuditWords): string {
  const excepted = report.routes.filter(({ state }) => state === 'excepted').length
  const passed =
    excepted === 0 ? 'Every route is limited.' : `Every route is limited, or excepted (${excepted}).`
  const result =
    failing.length === 0 ? passed : `${failureProblem(failing, report)}. ${failureRemedy(failing, words)}`
  return [formatRoutes(report), '', result, ...bypassNote(report.routes)].join('\n')
}

/** Says that the first rows deserve a look although their routes are limited: by another limiter. */
function bypassNote(routes: readonly RouteEntry[]): readonly string[] {
  const count = routes.filter(({ state, bypass }) => state === 'limited' && bypass !== undefined).length
  if (count === 0) return []
  const subject = count === 1 ? '1 limited route' : `${count} limited routes`
  return [`${subject} can be reached around one of several limiters: see the first rows.`]
}
