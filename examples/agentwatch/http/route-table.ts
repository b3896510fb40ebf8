import type { RouteEntry, RouteReport } from 'express-tollgate/audit'

type LimitDescription = RouteEntry['read'][number]

/**
 * The routes and their limits as a table for a terminal of 80 columns: each limit has a line of its own. The
 * state of a route is left out, because the server does not start when a route is not limited.
 */
export function formatRouteTable({ routes }: RouteReport): string {
  const methodWidth = Math.max(...routes.map(({ method }) => method.length))
  const pathWidth = Math.max(...routes.map(({ path }) => path.length))
  const line = (method: string, path: string, limit: string): string =>
    `${method.padEnd(methodWidth)}  ${path.padEnd(pathWidth)}  ${limit}`
  const rows = routes.flatMap(({ method, path, read, write }) => {
    const [first = '-', ...others] = [...read, ...write].map(showLimit)
    return [line(method, path, first), ...others.map((limit) => line('', '', limit))]
  })
  return [line('METHOD', 'PATH', 'LIMITS'), ...rows].join('\n')
}

function showLimit({ name, limit, windowSec }: LimitDescription): string {
  return `${name}: ${limit} in ${windowSec} s`
}
