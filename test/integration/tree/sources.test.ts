import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'

const CODE = /\.(?:[cm]?[jt]s|json|html|css|sh|conf)$/
const sources = filesBelow('src')
const written = [...sources, ...filesBelow('test'), ...filesBelow('examples')].filter((path) =>
  CODE.test(path),
)

/** `path:line` of every line that matches. */
function linesThatMatch(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  )
}

function hasAny(path: string, text: string): boolean {
  const search = (node: ts.Node): boolean =>
    node.kind === ts.SyntaxKind.AnyKeyword || ts.forEachChild(node, search) === true
  return search(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
}

/** The lines of every function in a text, nested ones included. */
function functionLengths(path: string, text: string): { path: string; line: number; lines: number }[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line
  const found: { path: string; line: number; lines: number }[] = []
  const search = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const [first, last] = [lineOf(node.getStart(file)), lineOf(node.getEnd())]
      found.push({ path, line: first + 1, lines: last - first + 1 })
    }
    ts.forEachChild(node, search)
  }
  search(file)
  return found
}

describe('the sources', () => {
  it('are ASCII', () => {
    expect(written).toContain('src/index.ts')
    // Code points out of ASCII are written as escapes: what looks alike must be alike.
    expect(linesThatMatch(written, /[^\t\x20-\x7e]/)).toEqual([])
  })

  it('are named after what they hold', () => {
    const vague = /(?:^|\/)(?:utils?|types?|helpers?|lib|common|misc|shared)(?:\.[cm]?ts$|\/)/
    expect(sources.filter((path) => vague.test(path))).toEqual([])
    expect('src/stores/utils.ts').toMatch(vague)
    expect('src/helpers/address.ts').toMatch(vague)
    expect('src/limits/limit.ts').not.toMatch(vague)
  })

  it('have names in kebab case', () => {
    expect(sources.filter((path) => !/^src\/(?:[a-z0-9-]+\/)*[a-z0-9.-]+$/.test(path))).toEqual([])
  })

  it('are TypeScript, but for the scripts of Redis and the live page', () => {
    const others = sources.filter((path) => !path.endsWith('.ts'))
    const allowed =
      /^src\/(?:stores\/redis\/scripts\/[a-z-]+\.lua|tools\/dashboard\/page\/[a-z-]+\.(?:js|css|html|svg|json))$/
    expect(others.filter((path) => !allowed.test(path))).toEqual([])
  })

  it('have no file above 250 lines', () => {
    const lengths = sources.map((path) => ({ path, lines: textOf(path).trimEnd().split('\n').length }))
    expect(lengths.filter(({ lines }) => lines > 250)).toEqual([])
  })

  it('have no function of 40 lines or more', () => {
    const lengths = sources.flatMap((path) => functionLengths(path, textOf(path)))
    expect(lengths.length).toBeGreaterThan(200)
    expect(lengths.filter(({ lines }) => lines >= 40)).toEqual([])
    const long = `const f = () => {${'\n'.repeat(39)}}`
    expect(functionLengths('a.ts', long)).toEqual([{ path: 'a.ts', line: 1, lines: 40 }])
  })

  it('silence no check and loosen no type', () => {
    expect(sources.filter((path) => hasAny(path, textOf(path)))).toEqual([])
    expect(hasAny('a.ts', 'const a = (b as { c: any[] }).c')).toBe(true)
    expect(
      linesThatMatch(sources, /@ts-(?:ignore|nocheck|expect-error)|biome-ignore|eslint-disable/),
    ).toEqual([])
  })

  it('leave no marks for later', () => {
    const marks = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
    expect(linesThatMatch(written, marks)).toEqual([])
  })
})

describe('the tests', () => {
  const tests = filesBelow('test').filter((path) => path.endsWith('.test.ts'))

  it('mirror src: a folder of tests for each folder of sources', () => {
    const folders = new Set(
      sources.flatMap((path) =>
        path.split('/').length > 2 ? [posix.dirname(path).slice('src/'.length)] : [],
      ),
    )
    expect(folders).toContain('client')
    expect(folders).toContain('stores/memory/table')
    expect(
      [...folders].filter((folder) => !tests.some((path) => path.startsWith(`test/${folder}/`))),
    ).toEqual([])
  })

  it('run all: none is skipped or singled out', () => {
    expect(linesThatMatch(tests, /\b(?:it|test|describe)\.(?:skip|only|todo)\b/)).toEqual([])
  })
})
