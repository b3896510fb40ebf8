import { describe, expect, it } from 'vitest'
import { textOf } from '../../support/project-files.ts'

interface LockedPackage {
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
}

const { packages, lockfileVersion } = JSON.parse(textOf('package-lock.json')) as {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/** All packages that npm downloads, on any system. The entry without a name is this package. */
const downloaded = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true)

describe('the lockfile', () => {
  // npm leaves the hashes out for packages of other systems when it writes a lockfile beside a node_modules folder
  // that does not have them. Delete these entries and run: npm install --package-lock-only
  it('has a hash of every package that npm downloads, those for other systems included', () => {
    expect(lockfileVersion).toBe(3)
    expect(downloaded.length).toBeGreaterThan(300)
    const hash = /^sha512-[A-Za-z0-9+/]{86}==$/
    expect(
      downloaded.filter(([, { integrity = '' }]) => !hash.test(integrity)).map(([path]) => path),
    ).toEqual([])
  })

  it('has nothing that does not come from the registry', () => {
    const elsewhere = downloaded.filter(
      ([, { resolved }]) => resolved?.startsWith('https://registry.npmjs.org/') === false,
    )
    expect(elsewhere.map(([path]) => path)).toEqual([])
  })
})
