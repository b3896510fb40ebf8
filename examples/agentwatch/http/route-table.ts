import type { RouteEntry, RouteReport } from 'express-tollgate/audit'

type LimitDescription = RouteEntry['read'][number]

/**
 * The routes and their limits as a table for a terminal of 80 columns: each limit has a line of its own, with
 * its name, or with the name of its plan. The state of a route is left out, because the server does not start
 * when a route is not limited.
 */
export function formatRouteTable({ routes }: RouteReport): string {
  const methodWidth = Math.max(...routes.map(({ method }) => method.length))
  const pathWidth = Math.max(...routes.map(({ path }) => path.length))
  const line = (method: string, path: string, limit: string): string =>
    `${method.padEnd(methodWidth)}  ${path.padEnd(pathWidth)}  ${limit}`
  const rows = routes.flatMap(({ method, path, read, write }) => {
    // A limit of all methods is in both lists.
    const [first = '-', ...others] = new Set([...read, ...write].map(showLimit))
    return [line(method, path, first), ...others.map((limit) => line('', '', limit))]
  })
  return [line('METHOD', 'PATH', 'LIMITS'), ...rows].join('\n')
}

function showLimit({ name, plan, limit, unit, windowSec, calendar, algorithm }: LimitDescription): string {
  const label = plan ?? name
  if (algorithm === 'in-flight') return `${label}: ${limit} requests at once`
  const window = calendar === undefined ? ` in ${windowSec} s` : `/${calendar.per}`
  return `${label}: ${limit}${unit === undefined ? '' : ` ${unit}`}${window}`
}
