import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'
import { importsOf, isReExportsOnly } from './imports.ts'
import { importCircle, LAYERS, LEAVES, layerTable, layerViolation } from './layers.ts'

const sources = filesBelow('src')
const imports = sources.flatMap((path) => importsOf(path, textOf(path)))

const isTool = (path: string): boolean => path.startsWith('src/tools/')

describe('the first level of src', () => {
  it('has at most 14 entries', () => {
    expect(new Set(sources.map((path) => path.split('/')[1])).size).toBeLessThanOrEqual(14)
  })
})

describe('docs/architecture.md', () => {
  it('has the table of layers that these tests check', () => {
    expect(textOf('docs/architecture.md')).toContain(layerTable())
  })
})

describe('the imports of src', () => {
  it('follow the layers', () => {
    expect(imports.map(layerViolation).filter((violation) => violation !== undefined)).toEqual([])
  })

  it('have no circle', () => {
    expect(importCircle(imports)).toEqual([])
  })

  it('name files that exist, with their extension', () => {
    const files = imports.filter(({ to }) => to.startsWith('src/'))
    expect(files.filter(({ to }) => !sources.includes(to))).toEqual([])
    expect(files.length).toBeGreaterThan(20)
  })

  it('leave src for packages only', () => {
    expect(imports.filter(({ to }) => /^(\.\.|test|examples|dist)(\/|$)/.test(to))).toEqual([])
  })

  it('of each index.ts are re-exports and nothing else', () => {
    const indexes = sources.filter((path) => path.endsWith('/index.ts'))
    expect(indexes).toContain('src/index.ts')
    expect(indexes.filter((path) => !isReExportsOnly(path, textOf(path)))).toEqual([])
  })

  it('may go only to layers above in the list', () => {
    const folders = Object.keys(LAYERS)
    for (const [index, folder] of folders.entries()) {
      const above = folders.slice(0, index)
      const others = LAYERS[folder]?.mayImport.filter((name) => !above.includes(name)) ?? []
      // The one file at the root that a tool drives.
      expect(others.filter((name) => name !== 'create-rate-limiter.ts')).toEqual([])
    }
  })

  it('from outside src/tools never name a tool', () => {
    const outside = imports.filter(({ from, to }) => !isTool(from) && isTool(to))
    expect(outside).toEqual([])
    expect(imports.some(({ from }) => isTool(from))).toBe(true)
  })

  it.each(LEAVES)('of %s are none', (leaf) => {
    expect(sources).toContain(leaf)
    expect(imports.filter(({ from, to }) => from === leaf && to.startsWith('src/'))).toEqual([])
  })
})

describe('the checks themselves', () => {
  const violation = (from: string, text: string): (string | undefined)[] =>
    importsOf(from, text).map(layerViolation)

  it.each([
    [
      'src/limits/quota.ts',
      "import type { Store } from '../stores/store.ts'",
      'src/limits/quota.ts imports src/stores/store.ts: limits may import errors',
    ],
    [
      'src/errors/code.ts',
      "export { LARGEST_LIMIT } from '../limits/limit.ts'",
      'src/errors/code.ts imports src/limits/limit.ts: errors may import nothing',
    ],
    [
      'src/tools/audit/routes.ts',
      "import { parse } from '../../options/parse.ts'",
      'src/tools/audit/routes.ts imports src/options/parse.ts: tools/audit may import errors, limits',
    ],
    [
      'src/stores/redis/redis-store.ts',
      "type Options = import('../../options/rate-limiter-options.ts').RateLimiterOptions",
      'src/stores/redis/redis-store.ts imports src/options/rate-limiter-options.ts: stores may import errors, events, limits',
    ],
    [
      'src/client/address.ts',
      "import { type Request } from 'express'",
      'src/client/address.ts imports express at run time: it is no runtime dependency',
    ],
    [
      'src/tools/audit/routes.ts',
      "const express = await import('express')",
      'src/tools/audit/routes.ts imports express at run time: it is no runtime dependency',
    ],
    [
      'src/client/address.ts',
      "import { isIP } from 'net'",
      'src/client/address.ts imports net at run time: write node:net',
    ],
    [
      'src/gauges/meter.ts',
      "import { count } from './counter.ts'",
      'src/gauges has no layer: say in test/integration/tree/layers.ts what it may import',
    ],
    [
      'src/guard.ts',
      "import { refuse } from './response/refusal.ts'",
      'src/guard.ts lies at the root of src: give it a folder',
    ],
    [
      'src/maybe-promise.ts',
      "import type { Next } from './options/rate-limiter-options.ts'",
      'src/maybe-promise.ts imports src/options/rate-limiter-options.ts: it must import nothing, since every file may import it',
    ],
  ])('find what %s must not import', (from, text, expected) => {
    expect(violation(from, text)).toEqual([expected])
  })

  it('accept what is allowed', () => {
    expect(violation('src/create-rate-limiter.ts', "import { a } from './request/a.ts'")).toEqual([undefined])
    expect(violation('src/limits/a.ts', "import { chain } from '../maybe-promise.ts'")).toEqual([undefined])
    expect(violation('src/tools/audit/a.ts', "import type { Application } from 'express'")).toEqual([
      undefined,
    ])
    expect(violation('src/client/a.ts', "import { parse } from 'ipaddr.js'")).toEqual([undefined])
  })

  it('find a circle, through type imports too', () => {
    const made = [
      ...importsOf('src/a/one.ts', "import { two } from './two.ts'\nimport { four } from './four.ts'"),
      ...importsOf('src/a/two.ts', "export * from '../b/three.ts'"),
      ...importsOf('src/b/three.ts', "import type { One } from '../a/two.ts'"),
    ]
    expect(importCircle(made)).toEqual(['src/a/two.ts', 'src/b/three.ts', 'src/a/two.ts'])
  })

  it('distinguish a re-export from code', () => {
    expect(
      isReExportsOnly('src/index.ts', "export { a } from './a.ts'\nexport type { B } from './b.ts'"),
    ).toBe(true)
    expect(isReExportsOnly('src/index.ts', "export { a } from './a.ts'\nexport const b = 1")).toBe(false)
    expect(isReExportsOnly('src/index.ts', "import { a } from './a.ts'\nexport { a }")).toBe(false)
  })
})
