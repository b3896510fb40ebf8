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
  const [app, ...others] = appsAmong(named)
  if (others.length > 0) throw noAppError(path, named, `exports several apps: ${appNames(named)}`)
  if (app !== undefined) return app
  const factories = [...named].filter(([, value]) => isFactory(value))
  const factory = PREFERRED_NAMES.find((preferred) => isFactory(named.get(preferred))) ?? factories[0]?.[0]
  if (factory === undefined) throw noAppError(path, named, 'exports no Express app')
  if (factories.length > 1 && !PREFERRED_NAMES.includes(factory)) {
    throw noAppError(path, named, `exports several functions that may create an app: ${namesOf(factories)}`)
  }
  return appOfExport(named, factory, path)
}

/** The apps that exports, or the properties of an object, hold: one where a preferred name has it. */
function appsAmong(named: ReadonlyMap<string, unknown>): readonly unknown[] {
  const preferred = PREFERRED_NAMES.map((name) => named.get(name)).find(isApp)
  return preferred === undefined ? [...named.values()].filter(isApp) : [preferred]
}

function appNames(named: ReadonlyMap<string, unknown>): string {
  return namesOf([...named].filter(([, value]) => isApp(value)))
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
  const isObject = typeof created === 'object' && created !== null
  const properties = new Map(isObject ? Object.entries(created) : [])
  const [app, ...others] = appsAmong(properties)
  if (others.length > 0) {
    throw noAppError(
      path,
      named,
      `exports '${name}', which returned several apps: ${appNames(properties)}. Return one of them as 'app'`,
    )
  }
  if (app !== undefined) return app
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
        ? 'Export the app, or a function without parameters that returns it, or { app }.'
        : `Name the export that is the app, or creates it, with --export. The exports are ${names.join(', ')}.`,
  })
}
