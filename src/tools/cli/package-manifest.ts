import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What the program needs of this package's package.json. */
export interface PackageManifest {
  readonly version: string
  readonly homepage: string
}

/** The package resolves its own name, so the path is right for the sources and for the built files. */
export function packageManifest(): PackageManifest {
  const path = createRequire(import.meta.url).resolve('express-tollgate/package.json')
  return JSON.parse(readFileSync(path, 'utf8')) as PackageManifest
}
