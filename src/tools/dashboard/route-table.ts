import type { LimitDescription } from '../../limits/limiter-description.ts'
import { auditRoutes } from '../audit/audit-routes.ts'
import type { RouteEntry } from '../audit/route-report.ts'

/** How long a table is shown before the app is read again, in milliseconds. */
const FRESH_MS = 30_000

/** A row of the table of routes, in the words that are shown. */
export interface RouteRow {
  readonly method: string
  readonly path: string
  readonly limits: string
  readonly limiters: string
  readonly state: RouteEntry['state']
  readonly why: string
}

/** The routes of an app, or why there is no telling them. */
export type RouteTable = { readonly routes: readonly RouteRow[] } | { readonly problem: string }

/** What the router of an app shows of it; an app that is mounted in another has a parent. */
interface MountedApp {
  readonly parent?: MountedApp
}

/** Reads the routes of apps, of each at most every 30 seconds however many pages ask. */
export class RouteTables {
  readonly #now: () => number
  readonly #known = new WeakMap<object, { readonly table: RouteTable; readonly atMs: number }>()

  /** @param now of a clock that never goes back, in milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @param app the app that a request is in; the table is of the outermost app around it */
  of(app: object): RouteTable {
    let root = app as MountedApp
    while (root.parent !== undefined) root = root.parent
    const nowMs = this.#now()
    const known = this.#known.get(root)
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.table
    const table = readRoutes(root)
    this.#known.set(root, { table, atMs: nowMs })
    return table
  }
}

function readRoutes(app: unknown): RouteTable {
  try {
    return { routes: auditRoutes(app).routes.map(rowOf) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

function rowOf({ method, path, limiters, read, write, state, why }: RouteEntry): RouteRow {
  const [reads, writes] = [read.map(shownLimit).join(', '), write.map(shownLimit).join(', ')]
  const both = reads !== '' && writes !== '' ? `read ${reads}; write ${writes}` : reads || writes
  return {
    method,
    path,
    limits: both === '' ? 'none' : both,
    limiters: limiters.map(({ name }) => name).join(', '),
    state,
    why,
  }
}

function shownLimit({ limit, windowSec, burst }: LimitDescription): string {
  return `${limit} in ${windowSec} s${burst === undefined ? '' : ` (burst ${burst})`}`
}
