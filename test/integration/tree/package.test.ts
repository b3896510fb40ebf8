import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import tsup from '../../../tsup.config.ts'
import { filesBelow, ROOT, textOf } from '../../support/project-files.ts'

interface Conditions {
  readonly types: string
  readonly default: string
}

interface Manifest {
  readonly version: string
  readonly license: string
  readonly main: string
  readonly module: string
  readonly types: string
  readonly files: readonly string[]
  readonly bin: Readonly<Record<string, string>>
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
  readonly exports: Readonly<
    Record<string, string | { readonly import: Conditions; readonly require: Conditions }>
  >
}

const manifest = JSON.parse(textOf('package.json')) as Manifest

/** The name of the file that stands for an entry point: `.` is index, `./audit` is audit. */
const stemOf = (entry: string): string => (entry === '.' ? 'index' : entry.slice('./'.length))

const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')

/** The programs of the package, which nobody imports. */
const programs = Object.values(manifest.bin)

describe('the entry points', () => {
  it.each(entries)('%s has types and code for import and for require', (entry) => {
    const file = `./dist/${stemOf(entry)}`
    expect(manifest.exports[entry]).toStrictEqual({
      import: { types: `${file}.d.ts`, default: `${file}.js` },
      require: { types: `${file}.d.cts`, default: `${file}.cjs` },
    })
    // Types come first: a resolver takes the first condition that holds.
    const { import: forImport, require: forRequire } = manifest.exports[entry] as Record<string, Conditions>
    expect(Object.keys(forImport ?? {})).toEqual(['types', 'default'])
    expect(Object.keys(forRequire ?? {})).toEqual(['types', 'default'])
  })

  it('are those that tsup builds, from files that exist', () => {
    const { entry } = tsup as { readonly entry: Readonly<Record<string, string>> }
    const stems = [...entries.map(stemOf), ...programs.map((path) => /^\.\/dist\/(\w+)\.js$/.exec(path)?.[1])]
    expect(Object.keys(entry).sort()).toEqual(stems.sort())
    expect(Object.values(entry).filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('are all that dist holds, beside the chunks they share', () => {
    if (!existsSync(join(ROOT, 'dist')))
      throw new Error('dist is missing: run `npm run build`, or `npm test`.')
    // `npm test` builds no types. test/integration/package/declarations.test.ts is about them.
    const others = /^dist\/[\w-]+-[A-Z0-9]{8}\.(?:js|cjs)$|\.d\.c?ts$/
    const named = filesBelow('dist').filter((path) => !others.test(path))
    const exported = entries.flatMap((entry) =>
      ['js', 'cjs'].map((extension) => `dist/${stemOf(entry)}.${extension}`),
    )
    expect(named).toEqual([...exported, ...programs.map((path) => path.slice('./'.length))].sort())
  })

  it('have a report of their public types each', () => {
    const folder = 'test/integration/package/api-reports'
    const reports = filesBelow(folder)
    expect(reports).toEqual(entries.map((entry) => `${folder}/${stemOf(entry)}.api.md`).sort())
    expect(reports.filter((path) => /@internal|@alpha|@beta/.test(textOf(path)))).toEqual([])
  })

  it.each(programs)('%s can be run', (path) => {
    expect(textOf(path)).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(() => accessSync(join(ROOT, path), constants.X_OK)).not.toThrow()
  })

  it('old resolvers find the main one', () => {
    expect([manifest.main, manifest.module, manifest.types]).toEqual([
      './dist/index.cjs',
      './dist/index.js',
      './dist/index.d.ts',
    ])
  })
})

describe('the package', () => {
  it('has one runtime dependency, one peer, and types, clients of Redis and metrics that nobody needs', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['ipaddr.js'])
    const { express, ...optional } = manifest.peerDependencies
    expect(express).toBe('^4.18 || ^5')
    expect(optional).toEqual({
      '@opentelemetry/api': '^1.4',
      '@types/express': '^4.17.17 || ^5',
      ioredis: '^5 || ^6',
      'prom-client': '^14 || ^15',
      redis: '^4 || ^5 || ^6',
    })
    const optionals = Object.keys(optional).map((name) => [name, { optional: true }])
    expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(optionals))
    expect(manifest.engines).toEqual({ node: '>=20' })
  })

  it('is under the licence that LICENSE holds', () => {
    expect(manifest.license).toBe('MIT')
    expect(textOf('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) 2026 express-tollgate maintainers\n/)
  })

  it('has a heading for its version in the changelog', () => {
    const headings = [...textOf('CHANGELOG.md').matchAll(/^## \[?([^\s\]]+)\]?/gm)].map(
      ([, version]) => version,
    )
    expect(headings).toContain(manifest.version)
  })

  it('ships what it says', () => {
    expect(manifest.files).toEqual(['dist', 'CHANGELOG.md'])
  })

  it('has a script for CI that can be executed', () => {
    expect(() => accessSync(join(ROOT, '.ci/run'), constants.X_OK)).not.toThrow()
  })
})
