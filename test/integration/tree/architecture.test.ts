import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'

const page = textOf('docs/architecture.md')
const sources = filesBelow('src').filter((path) => /\.(?:ts|lua)$/.test(path))

/** The text below a heading, up to the next heading. */
function sectionOf(heading: string): string {
  const [, section = ''] = page.split(`\n### ${heading}\n`)
  return section.split('\n#')[0] ?? ''
}

/** The files that a section names in backticks, in their order. */
function filesIn(section: string): string[] {
  return [...section.matchAll(/`(src\/[\w./-]+)`/g)].map(([, path = '']) => path)
}

/** The comment at the head of a source, without the marks of a comment. */
function headOf(path: string): string {
  const lines = textOf(path).split('\n')
  const end = lines.findIndex((line) => line.startsWith('import '))
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^(?:\/\/|\/?\*+\/?| \*\/?) ?/, ''))
    .join('\n')
}

/** The numbered files in the head of a source, as paths from the project's root. */
function numberedFiles(path: string): string[] {
  return [...headOf(path).matchAll(/^ *\d+\. (\S+)/gm)].map(([, file = '']) =>
    posix.join(posix.dirname(path), file),
  )
}

describe('the reading orders of docs/architecture.md', () => {
  it.each([
    ['A decision in memory', 'src/stores/memory/memory-store.ts', 9],
    ['A decision in Redis', 'src/stores/redis/redis-store.ts', 11],
  ])('are the ones at the head of a source: %s', (heading, source, mostFiles) => {
    const files = filesIn(sectionOf(heading))
    expect(files).toEqual(numberedFiles(source))
    expect(files.length).toBeGreaterThan(5)
    expect(files.length).toBeLessThanOrEqual(mostFiles)
  })

  it('are the ones at the head of a source: A route in the audit', () => {
    const source = 'src/tools/audit/audit-routes.ts'
    const [order = ''] = headOf(source).split('\n\nWhere ')
    const named = [...order.matchAll(/[\w-]+\.ts\b/g)].map(([file]) =>
      posix.join(posix.dirname(source), file),
    )
    const files = filesIn(sectionOf('A route in the audit'))
    expect(files.toSorted()).toEqual([...new Set(named)].toSorted())
    expect(files.length).toBeGreaterThan(5)
    // Both give the steps in the same order. Within a step a file may be named earlier or later.
    const firstOfSteps = [...order.matchAll(/^\d+\. ([\w-]+\.ts)/gm)].map(([, file = '']) =>
      posix.join(posix.dirname(source), file),
    )
    expect(files.filter((file) => firstOfSteps.includes(file))).toEqual(firstOfSteps)
  })
})

/** The comment that a source starts with. */
function firstCommentOf(path: string): string {
  const [comment = ''] = /^(?:\/\*\n[\s\S]*?\*\/|(?:(?:--|\/\/).*\n)*)/.exec(textOf(path)) ?? []
  return comment
}

/** The files or programs that a text names as twins. */
const twinsIn = (text: string): string[] =>
  [...text.matchAll(/^(?: \*|\/\/|--) Twin: (\S+)$/gm)].map(([, twin = '']) => twin)

/** The names in backticks in a cell of a table. */
const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

describe('the twins of docs/architecture.md', () => {
  const [, section = ''] = page.split('\n## Rules that exist more than once\n')
  const [tables = ''] = section.split('\n## ')
  const listed = tables
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| rule ') && !line.startsWith('| ---'))
    .map((row) => row.split(' | '))
    .flatMap(([, here, there]) => namesIn(here).flatMap((one) => namesIn(there).map((other) => [one, other])))
    .flatMap(([one = '', other = '']) => [`${one}: ${other}`, `${other}: ${one}`])
    .filter((pair) => pair.startsWith('src/'))
  const stated = sources.flatMap((path) => twinsIn(firstCommentOf(path)).map((twin) => `${path}: ${twin}`))

  it('are the ones that the first comments of the sources name', () => {
    expect(stated).toContain('src/limits/ban.ts: src/stores/redis/scripts/ban.lua')
    expect(stated.toSorted()).toEqual([...new Set(listed)].toSorted())
  })

  it('name each other', () => {
    const ofFiles = stated.map((pair) => pair.split(': ')).filter(([, twin = '']) => twin.includes('/'))
    expect(ofFiles.length).toBeGreaterThan(40)
    const oneSided = ofFiles.filter(([path, twin]) => !stated.includes(`${twin}: ${path}`))
    expect(oneSided).toEqual([])
  })

  it('are named in one form only', () => {
    const otherForms = sources.filter((path) => {
      const text = textOf(path).replaceAll('twins.test.ts', '')
      return [...text.matchAll(/\btwins?\b/gi)].length !== twinsIn(firstCommentOf(path)).length
    })
    expect(otherForms).toEqual([])
  })

  it('are compared by tests that exist', () => {
    const tests = namesIn(tables).filter((name) => name.startsWith('test/'))
    expect(tests.length).toBeGreaterThan(6)
    expect(tests.filter((path) => !filesBelow('test').includes(path))).toEqual([])
  })
})

describe('docs/architecture.md', () => {
  it('names every file with state that a process shares', () => {
    // A Map or Set with content from the start is a constant.
    const state =
      /^(?:let |(?:export )?const .* = new (?:WeakMap|WeakSet|RecentMap|FinalizationRegistry|(?:Map|Set)(?:<.*>)?\(\)))/m
    const isStateful = (text: string): boolean => state.test(text) || /Symbol\.for\(|globalThis/.test(text)
    const stateful = sources.filter((path) => path.endsWith('.ts') && isStateful(textOf(path)))
    expect(stateful).toContain('src/request/record-of-request.ts')
    expect(stateful).toContain('src/limiter/creation-warnings.ts')
    expect(stateful).toContain('src/client/address.ts')
    expect(stateful.filter((path) => !page.includes(`\`${path}\``))).toEqual([])
    expect(isStateful("const NAMES = new Set(['a', 'b'])")).toBe(false)
    expect(isStateful('  const inside = new Map<string, number>()')).toBe(false)
    expect(isStateful('const seen = new Map<string, number>()')).toBe(true)
  })

  it('names every symbol that copies of the library share', () => {
    const symbols = sources.flatMap((path) =>
      [...textOf(path).matchAll(/Symbol\.for\('([^']+)'\)/g)].map(([, name = '']) => name),
    )
    expect(symbols.length).toBeGreaterThan(2)
    expect(symbols.filter((name) => !page.includes(`Symbol.for('${name}')`))).toEqual([])
  })
})
