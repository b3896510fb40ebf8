import { nearestName } from '../../../errors/nearest-name.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { isHttpServer } from '../../../limits/guarded-server.ts'
import { isRouter, routerOfApp } from '../../audit/router-stack.ts'
import type { ModuleExports } from './load-module.ts'

/** The exports that are tried first, in this order. For CommonJS, `default` is module.exports. */
const PREFERRED_NAMES: readonly string[] = ['default', 'app']

/**
 * Finds the Express app, the router or the server that a module exports or creates.
 *
 * @param name the export to take; undefined to search for one
 * @throws RateLimiterError `invalid_option` when no export fits, or several fit equally well
 */
export async function findApp(
  moduleExports: ModuleExports,
  path: string,
  name: string | undefined,
): Promise<unknown> {
  const named = collectExports(moduleExports)
  if (name !== undefined) return appOfExport(named, name, path)
  for (const preferred of PREFERRED_NAMES) {
    if (isApp(named.get(preferred))) return named.get(preferred)
  }
  const apps = [...named].filter(([, value]) => isApp(value))
  const [app] = apps
  if (app !== undefined) {
    if (apps.length === 1) return app[1]
    throw noAppError(path, named, `exports several apps: ${namesOf(apps)}`)
  }
  const factories = [...named].filter(([, value]) => isFactory(value))
  const factory = PREFERRED_NAMES.find((preferred) => isFactory(named.get(preferred))) ?? factories[0]?.[0]
  if (factory === undefined) throw noAppError(path, named, 'exports no Express app')
  if (factories.length > 1 && !PREFERRED_NAMES.includes(factory)) {
    throw noAppError(path, named, `exports several functions that may create an app: ${namesOf(factories)}`)
  }
  return appOfExport(named, factory, path)
}

/** What is audited: an app, a router, or a server, then with its app where the module exports that too. */
export interface AuditTarget {
  readonly target: unknown
  readonly app?: unknown
}

/**
 * Puts the server and the app of a module together, where it exports both: the server has listeners that the app does not
 * know, and its app may be hidden from it.
 *
 * @param found what {@link findApp} has found
 * @throws RateLimiterError `invalid_option` when several servers are exported beside an app
 */
export function withServer(moduleExports: ModuleExports, path: string, found: unknown): AuditTarget {
  const named = collectExports(moduleExports)
  if (isHttpServer(found)) {
    const apps = new Set([...named.values()].filter((value) => routerOfApp(value) !== undefined))
    const [app] = apps
    return apps.size === 1 ? { target: found, app } : { target: found }
  }
  const servers = [...named].filter(([, value]) => isHttpServer(value))
  if (routerOfApp(found) === undefined || servers.length === 0) return { target: found }
  if (new Set(servers.map(([, server]) => server)).size > 1) {
    throw noAppError(path, named, `exports several servers: ${namesOf(servers)}`)
  }
  return { target: servers[0]?.[1], app: found }
}

function namesOf(entries: readonly (readonly [name: string, value: unknown])[]): string {
  return entries.map(([name]) => name).join(', ')
}

/** The exports by name. Those of CommonJS, or of ESM that was compiled to CommonJS, are inside `default`. */
function collectExports(moduleExports: ModuleExports): Map<string, unknown> {
  const named = new Map<string, unknown>()
  const add = (exporter: unknown): void => {
    if (typeof exporter !== 'object' || exporter === null) return
    for (const [name, value] of Object.entries(exporter)) {
      if (name !== 'module.exports' && (!named.has(name) || name === 'default')) named.set(name, value)
    }
  }
  add(moduleExports)
  // Only an object holds exports. An app is a function. A server is an object, and its properties are no exports.
  if (!isApp(moduleExports.default)) add(moduleExports.default)
  return named
}

async function appOfExport(
  named: ReadonlyMap<string, unknown>,
  name: string,
  path: string,
): Promise<unknown> {
  if (!named.has(name)) {
    const nearest = nearestName(name, [...named.keys()])
    throw noAppError(path, named, `has no export '${name}'`, nearest)
  }
  const value = named.get(name)
  if (isApp(value)) return value
  if (!isFactory(value)) {
    throw noAppError(path, named, `exports '${name}', which is not an Express app and does not create one`)
  }
  const created: unknown = await value()
  if (isApp(created)) return created
  throw noAppError(path, named, `exports '${name}', which returned no Express app`)
}

function isApp(value: unknown): boolean {
  return isRouter(value) || routerOfApp(value) !== undefined || isHttpServer(value)
}

/** Whether a value may be a function that creates an app. */
function isFactory(value: unknown): value is () => unknown {
  return typeof value === 'function' && value.length === 0 && !isApp(value)
}

function noAppError(
  path: string,
  named: ReadonlyMap<string, unknown>,
  problem: string,
  nearest?: string,
): RateLimiterError {
  const names = [...named.keys()]
  return new RateLimiterError({
    code: 'invalid_option',
    option: path,
    problem,
    ...(nearest === undefined ? {} : { nearest }),
    remedy:
      names.length === 0
        ? 'Export the app, or a function without parameters that returns it.'
        : `Name the export that is the app, or creates it, with --export. The exports are ${names.join(', ')}.`,
  })
}
