import { createRequire } from 'node:module'
import type { Express, Router, RouterOptions } from 'express'

const require = createRequire(import.meta.url)

/** A version of Express that the audit supports. */
export interface ExpressVersion {
  readonly name: string
  readonly major: 4 | 5
  /** It keeps the paths of mounts: as a regular expression in Express 4, as written from 5.3 on. */
  readonly keepsMounts: boolean
  readonly express: (() => Express) & {
    readonly Router: (options?: RouterOptions) => Router
    readonly static: (root: string) => ReturnType<Router['use']>
    readonly json: () => ReturnType<Router['use']>
  }
}

function version(name: string, major: 4 | 5, keepsMounts: boolean, module: string): ExpressVersion {
  return { name, major, keepsMounts, express: require(module) as ExpressVersion['express'] }
}

/** Each with the router of its time: package.json has `overrides` for the routers of the old versions. */
export const EXPRESS_VERSIONS: readonly ExpressVersion[] = [
  version('4.18', 4, true, 'express-4-18'),
  version('4.22', 4, true, 'express4'),
  version('5.0', 5, false, 'express-5-0'),
  version('5.1', 5, false, 'express-5-1'),
  version('5.2', 5, false, 'express-5-2'),
  version('5.3', 5, true, 'express'),
]
