import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'
import { codeBlocksOf } from './code-blocks.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const README = new URL('../../../README.md', import.meta.url)
const run = promisify(execFile)

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))]

const blocks = PAGES.flatMap((page) =>
  codeBlocksOf(new URL(page === 'README.md' ? page : `docs/${page}`, pathToFileURL(ROOT))).map((block) => ({
    ...block,
    name: `${page.replace('.md', '')}-line-${block.line}.mts`,
  })),
)
const programs = blocks.filter(({ language }) => language === 'ts')

/** The folder of a project that has this package and Express in its node_modules. */
let project = ''

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'readme-')))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(ROOT, join(project, 'node_modules', 'express-tollgate'))
  for (const name of ['express', 'ioredis', 'prom-client', '@opentelemetry', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
  }
  for (const { name, code } of programs) writeFileSync(join(project, name), code)
})

afterAll(() => {
  rmSync(project, { recursive: true, force: true })
})

describe('the README and the pages of docs', () => {
  it('have programs', () => {
    expect(programs.length).toBeGreaterThanOrEqual(9)
    expect(
      blocks.filter(
        ({ language }) => !['ts', 'sh', 'http', 'json', 'nginx', 'text', 'yaml'].includes(language),
      ),
    ).toEqual([])
  })

  it('have programs that compile in the strictest mode', () => {
    const program = ts.createProgram({
      rootNames: programs.map(({ name }) => join(project, name)),
      options: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(project, 'node_modules', '@types')],
      },
    })
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
    expect(problems).toEqual([])
  }, 240_000)

  it.each(programs)('have a program that runs: $name', async ({ name }) => {
    const loaders = [import.meta.resolve('tsx'), new URL('./free-port.mjs', import.meta.url).href]
    const flags = loaders.flatMap((loader) => ['--import', loader])
    const { stderr } = await run(process.execPath, [...flags, name], {
      cwd: project,
      timeout: 110_000,
      env: { PATH: process.env.PATH ?? '' },
    })
    expect(stderr).toBe('')
  })

  it('list every option, and no other', () => {
    const source = ts.createSourceFile(
      'options.ts',
      ts.sys.readFile(join(ROOT, 'src/options/rate-limiter-options.ts')) ?? '',
      ts.ScriptTarget.ES2022,
    )
    const options = source.statements
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => name.text === 'RateLimiterOptions')
      .flatMap(({ members }) => members.map((member) => member.name?.getText(source) ?? ''))
    const text = ts.sys.readFile(fileURLToPath(README)) ?? ''
    const table = text.slice(text.indexOf('## Options'), text.indexOf('### The limiter without'))
    const rows = [...table.matchAll(/^\| ((?:`\w+(?:\([^)]*\))?`(?:, )?)+) \|/gm)].map(
      ([, cell = '']) => cell,
    )
    const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name))
    expect(named.sort()).toEqual(options.sort())
  })

  it('describe the failures of their example store in the conformance suite', async () => {
    const { name } = programs.find(({ code }) => code.includes('class ListStore')) ?? { name: '' }
    const source = ts.sys.readFile(join(project, name)) ?? ''
    const exported = join(project, 'list-store.mts')
    writeFileSync(exported, source.replace('class ListStore', 'export class ListStore'))
    const { ListStore } = (await import(pathToFileURL(exported).href)) as {
      ListStore: new (now: () => number) => Store
    }
    const tests: Array<[string, () => Promise<void>]> = []
    storeConformance({
      describe: (_name, suite) => suite(),
      it: (title, test) => tests.push([title, test]),
      create: (clock: FakeClock) => new ListStore(clock.now),
    })
    const failed: string[] = []
    for (const [title, test] of tests) await test().catch(() => failed.push(title))
    expect(failed).toEqual([
      'after the clock is set back by an hour, a client gets no new quota, and waits for one window at most',
    ])
    expect(tests.length).toBeGreaterThan(10)
  })
})
