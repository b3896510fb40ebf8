import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'

const manifest = JSON.parse(textOf('package.json')) as { readonly exports: Readonly<Record<string, unknown>> }
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')
const declarations = filesBelow('dist').filter((path) => /\.d\.c?ts$/.test(path))

describe('the type declarations in dist', () => {
  it('are two for each entry point, beside the chunks they share', () => {
    const chunk = /^dist\/[\w-]+-[\w-]{8}\.d\.c?ts$/
    const stems = entries.map((entry) => (entry === '.' ? 'index' : entry.slice('./'.length)))
    const expected = stems.flatMap((stem) => [`dist/${stem}.d.cts`, `dist/${stem}.d.ts`])
    expect(expected).toContain('dist/redis.d.ts')
    expect(declarations.filter((path) => !chunk.test(path)).toSorted()).toEqual(expected.toSorted())
  })

  it('have no members that are marked @internal', () => {
    expect(declarations.length).toBeGreaterThan(entries.length)
    expect(declarations.filter((path) => /@internal|seedFromRemote/.test(textOf(path)))).toEqual([])
  })
})
