import { nearestName } from '../../../errors/nearest-name.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { isHttpServer } from '../../../limits/guarded-server.ts'
import { isRouter, routerOfApp } from '../../audit/router-stack.ts'
import type { ModuleExports } from './load-module.ts'

/** The exports that are tried first, in this order. For CommonJS, `default` is module.exports. */
const PREFERRED_NAMES: readonly string[] = ['default', 'app']

/** What is audited: an app, a router, or a server, then with its app where that is known. */
export interface AuditTarget {
  readonly target: unknown
  readonly app?: unknown
}

/**
 * Finds the Express app, the router or the server that a module exports or creates.
 *
 * @param name the export to take; undefined to search for one
 * @throws RateLimiterError `invalid_option` when no export fits, or several fit equally well
 */
export async function findTarget(
  moduleExports: ModuleExports,
  path: string,
  name: string | undefined,
): Promise<AuditTarget> {
  const named = collectExports(moduleExports)
  if (name !== undefined) return targetOfExport(named, name, path)
  const target = targetAmong(named, (several) => noAppError(path, named, `exports ${several}`))
  if (target !== undefined) return target
  const factories = [...named].filter(([, value]) => isFactory(value))
  const factory = PREFERRED_NAMES.find((preferred) => isFactory(named.get(preferred))) ?? factories[0]?.[0]
  if (factory === undefined) throw noAppError(path, named, 'exports no Express app')
  if (factories.length > 1 && !PREFERRED_NAMES.includes(factory)) {
    throw noAppError(path, named, `exports several functions that may create an app: ${namesOf(factories)}`)
  }
  return targetOfExport(named, factory, path)
}

/**
 * What exports, or the properties of an object, hold. A preferred name decides between several apps. A server is audited
 * together with the app beside it: the server has listeners that the app does not know, and its app may be hidden from it.
 *
 * @param severalError makes the error for several apps, or several servers, between which nothing decides
 * @returns undefined where there is no app and no server
 */
function targetAmong(
  named: ReadonlyMap<string, unknown>,
  severalError: (what: string) => RateLimiterError,
): AuditTarget | undefined {
  const preferred = PREFERRED_NAMES.map((name) => named.get(name)).find(isApp)
  const servers = [...named].filter(([, value]) => isHttpServer(value))
  const apps = [...named].filter(([, value]) => isApp(value) && !isHttpServer(value))
  const chosen = preferred ?? apps[0]?.[1]
  if (isHttpServer(preferred))
    return apps.length === 1 ? { target: preferred, app: apps[0]?.[1] } : { target: preferred }
  if (preferred === undefined && apps.length > 1) throw severalError(`several apps: ${namesOf(apps)}`)
  if (chosen === undefined || routerOfApp(chosen) !== undefined) {
    if (new Set(servers.map(([, server]) => server)).size > 1) {
      throw severalError(`several servers: ${namesOf(servers)}`)
    }
    const server = servers[0]?.[1]
    if (server !== undefined)
      return chosen === undefined ? { target: server } : { target: server, app: chosen }
  }
  return chosen === undefined ? undefined : { target: chosen }
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

async function targetOfExport(
  named: ReadonlyMap<string, unknown>,
  name: string,
  path: string,
): Promise<AuditTarget> {
  if (!named.has(name)) {
    const nearest = nearestName(name, [...named.keys()])
    throw noAppError(path, named, `has no export '${name}'`, nearest)
  }
  const value = named.get(name)
  if (isApp(value)) return { target: value }
  if (!isFactory(value)) {
    const flaw =
      typeof value === 'function'
        ? 'which is a function with parameters, and the program has none to give'
        : 'which is not an Express app and does not create one'
    throw noAppError(path, named, `exports '${name}', ${flaw}`)
  }
  const created: unknown = await value()
  if (isApp(created)) return { target: created }
  const properties = typeof created === 'object' && created !== null ? Object.entries(created) : []
  const target = targetAmong(new Map(properties), (several) =>
    noAppError(path, named, `exports '${name}', which returned ${several}. Return one of them as 'app'`),
  )
  if (target === undefined) throw noAppError(path, named, `exports '${name}', which returned no Express app`)
  return target
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
        ? 'Export the app, or a function without parameters that returns it, or { app }.'
        : `Name the export that is the app, or creates it, with --export. The exports are ${names.join(', ')}.`,
  })
}
