import type { CheckedRoutes } from '../../audit/checked-routes.ts'
import type { RouteEntry } from '../../audit/route-report.ts'

/** The report as JSON, with the names of the limiters: the routes would repeat their long descriptions. */
export function jsonReport({ report, failing }: CheckedRoutes): object {
  return { everyRouteLimited: failing.length === 0, routes: report.routes.map(jsonEntry) }
}

function jsonEntry({ handler: _handler, ...entry }: RouteEntry): object {
  const { limiters, inDoubt } = entry
  const namesOf = (descriptions: typeof limiters): readonly string[] => descriptions.map(({ name }) => name)
  return { ...entry, limiters: namesOf(limiters), inDoubt: namesOf(inDoubt) }
}
