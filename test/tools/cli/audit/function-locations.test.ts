import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { functionLocations } from '../../../../src/tools/cli/audit/function-locations.ts'

/** A CommonJS module, loaded by Node itself: the test runner compiles its own modules. */
function load(text: string): { readonly file: string; readonly exports: Record<string, () => unknown> } {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'handlers.cjs')
  writeFileSync(file, text)
  return { file, exports: createRequire(import.meta.url)(file) }
}

it('are the file and the line where a function was written', () => {
  const { file, exports } = load('exports.one = () => 1\n\n\nexports.two = function two() {\n  return 2\n}\n')
  const { one, two } = exports
  const locations = functionLocations([one, two, one].filter((each) => each !== undefined))
  expect([...locations]).toEqual([
    [one, { file, line: 1 }],
    [two, { file, line: 4 }],
  ])
})

it('are unknown for functions of Node, for bound functions, and for what is no function', () => {
  const { exports } = load('exports.bound = (() => 1).bind(undefined)')
  expect(functionLocations([Math.max, exports.bound as () => unknown, {}]).size).toBe(0)
})

it('are unknown for functions that one wrapper made: they all begin in the wrapper', () => {
  const { exports } = load(
    'const wrap = (handler) => () => handler()\nexports.one = wrap(() => 1)\nexports.two = wrap(() => 2)\nexports.own = () => 3',
  )
  const { one, two, own } = exports as Record<string, () => unknown>
  const locations = functionLocations([one, two, own] as (() => unknown)[])
  expect([...locations.values()].map(({ line }) => line)).toEqual([4])
})

it('leave nothing behind in the global object', () => {
  const before = Reflect.ownKeys(globalThis)
  functionLocations([() => 1])
  expect(Reflect.ownKeys(globalThis)).toEqual(before)
})

it('are those of the TypeScript file where Node knows its source map', () => {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const source = fileURLToPath(
    new URL('../../../../src/tools/cli/audit/function-locations.ts', import.meta.url),
  )
  const file = join(folder, 'main.ts')
  writeFileSync(
    file,
    [
      `import { functionLocations } from ${JSON.stringify(source)}`,
      'interface Removed {\n  readonly by: string\n}\n\n',
      'export const handler = (one: Removed): string => one.by',
      'console.log(JSON.stringify([...functionLocations([handler]).values()]))',
    ].join('\n'),
  )
  const tsx = fileURLToPath(import.meta.resolve('tsx'))
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, file], { encoding: 'utf8' })
  expect(stdout, stderr).toBe(`${JSON.stringify([{ file, line: 7 }])}\n`)
})
