import { nearestName } from '../../../errors/nearest-name.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { isRouter, routerOfApp } from '../../audit/router-stack.ts'
import type { Exports } from './load-module.ts'

/** Exports that are looked at first, in this order; of CommonJS, `default` is module.exports. */
const USUAL_NAMES: readonly string[] = ['default', 'app']

/**
 * The Express app, or the router, that a module exports or makes.
 *
 * @param name the export to take; undefined to look for one
 * @throws RateLimiterError `invalid_option` when there is none, or more than one that could be meant
 */
export async function findApp(exports: Exports, path: string, name: string | undefined): Promise<unknown> {
  const named = allExports(exports)
  if (name !== undefined) return appOf(named, name, path)
  for (const usual of USUAL_NAMES) {
    if (isApp(named.get(usual))) return named.get(usual)
  }
  const apps = [...named].filter(([, value]) => isApp(value))
  const [app] = apps
  if (app !== undefined) {
    if (apps.length === 1) return app[1]
    throw noApp(path, named, `exports several apps: ${apps.map(([one]) => one).join(', ')}`)
  }
  const makers = [...named].filter(([, value]) => isMaker(value))
  const maker = USUAL_NAMES.find((usual) => isMaker(named.get(usual))) ?? makers[0]?.[0]
  if (maker === undefined) throw noApp(path, named, 'exports no Express app')
  if (makers.length > 1 && !USUAL_NAMES.includes(maker)) {
    throw noApp(
      path,
      named,
      `exports several functions that may make an app: ${makers.map(([one]) => one).join(', ')}`,
    )
  }
  return appOf(named, maker, path)
}

/** The exports by name; those of a CommonJS module, or of one that a compiler made of ESM, are inside `default`. */
function allExports(exports: Exports): Map<string, unknown> {
  const named = new Map<string, unknown>()
  const add = (from: unknown): void => {
    if (typeof from !== 'object' || from === null) return
    for (const [name, value] of Object.entries(from)) {
      if (name !== 'module.exports' && (!named.has(name) || name === 'default')) named.set(name, value)
    }
  }
  add(exports)
  // An app is a function: only an object can hold exports.
  add(exports.default)
  return named
}

async function appOf(named: ReadonlyMap<string, unknown>, name: string, path: string): Promise<unknown> {
  if (!named.has(name)) {
    const nearest = nearestName(name, [...named.keys()])
    throw noApp(path, named, `has no export '${name}'`, nearest)
  }
  const value = named.get(name)
  if (isApp(value)) return value
  if (!isMaker(value)) throw noApp(path, named, `exports '${name}', which is no Express app and makes none`)
  const made: unknown = await value()
  if (isApp(made)) return made
  throw noApp(path, named, `exports '${name}', which returned no Express app`)
}

function isApp(value: unknown): boolean {
  return isRouter(value) || routerOfApp(value) !== undefined
}

function isMaker(value: unknown): value is () => unknown {
  return typeof value === 'function' && value.length === 0 && !isApp(value)
}

function noApp(
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
        : `Name the export that is the app, or makes it, with --export; there are ${names.join(', ')}.`,
  })
}
