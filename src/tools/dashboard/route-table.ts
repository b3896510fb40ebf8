import { calendarText } from '../../limits/calendar.ts'
import type { LimitDescription } from '../../limits/limiter-description.ts'
import { auditRoutes } from '../audit/audit-routes.ts'
import type { RouteEntry } from '../audit/route-report.ts'
import { printable } from './printable.ts'
import type { RouteRow, RouteTable } from './snapshot.ts'

/** How long a table is used before the routes are read again, in milliseconds. */
const LIFETIME_MS = 30_000

/** An app as its router knows it. An app that is mounted in another app has a parent. */
interface MountedApp {
  readonly parent?: MountedApp
}

/** Reads the routes of apps: of each app at most every 30 seconds, however many pages ask. */
export class RouteTableCache {
  readonly #now: () => number
  readonly #known = new WeakMap<object, { readonly table: RouteTable; readonly readAtMs: number }>()

  /** @param now of a clock that never goes back, in milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @param app the app of a request; the table is that of the outermost app around it */
  tableOf(app: object): RouteTable {
    let root = app as MountedApp
    while (root.parent !== undefined) root = root.parent
    const nowMs = this.#now()
    const known = this.#known.get(root)
    if (known !== undefined && nowMs - known.readAtMs < LIFETIME_MS) return known.table
    const table = readRoutes(root)
    this.#known.set(root, { table, readAtMs: nowMs })
    return table
  }
}

function readRoutes(app: unknown): RouteTable {
  try {
    return { routes: auditRoutes(app).routes.map(rowOf) }
  } catch (error) {
    return { problem: printable(error instanceof Error ? error.message : String(error)) }
  }
}

function rowOf({ method, path, limiters, read, write, state, why }: RouteEntry): RouteRow {
  const [reads, writes] = [read.map(limitText).join(', '), write.map(limitText).join(', ')]
  const both = reads !== '' && writes !== '' ? `read ${reads}; write ${writes}` : reads || writes
  return {
    method,
    path: printable(path),
    limits: both === '' ? 'none' : both,
    limiters: limiters.map(({ name }) => name).join(', '),
    state,
    why: printable(why),
  }
}

function limitText({ limit, unit, windowSec, burst, algorithm, calendar }: LimitDescription): string {
  if (algorithm === 'in-flight') return `${limit} at once`
  const units = unit === undefined ? limit : `${limit} ${unit}`
  if (calendar !== undefined) return `${units} per ${calendarText(calendar)}`
  return `${units} in ${windowSec} s${burst === undefined ? '' : ` (burst ${burst})`}`
}
