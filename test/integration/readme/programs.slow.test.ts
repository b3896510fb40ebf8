import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  COMPILER_OPTIONS,
  createProject,
  type DocumentedBlock,
  type DocumentedPrograms,
  isVitestTest,
  programs,
  ROOT,
} from './documented-programs.ts'

const run = promisify(execFile)

let project: DocumentedPrograms
beforeAll(() => {
  project = createProject()
})
afterAll(() => project.remove())

/** The words after `node` that run a program. */
function wordsFor(program: DocumentedBlock): string[] {
  if (isVitestTest(program)) {
    const config = join(project.folder, 'vitest.config.mjs')
    writeFileSync(config, `export default { test: { include: [${JSON.stringify(program.name)}] } }`)
    return [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config]
  }
  const loaders = [import.meta.resolve('tsx'), new URL('./free-port.mjs', import.meta.url).href]
  // The mock timers of node:test are experimental in Node 20.
  return [
    '--disable-warning=ExperimentalWarning',
    ...loaders.flatMap((loader) => ['--import', loader]),
    program.name,
  ]
}

describe('the programs of the README and of the pages of docs', () => {
  it('compile in the strictest mode', () => {
    const program = ts.createProgram({
      rootNames: programs.map(({ name }) => join(project.folder, name)),
      options: {
        ...COMPILER_OPTIONS,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(project.folder, 'node_modules', '@types')],
      },
    })
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
    expect(problems).toEqual([])
  })

  it.each(programs)('run: $name', async (program) => {
    const { stderr } = await run(process.execPath, wordsFor(program), {
      cwd: project.folder,
      timeout: 110_000,
      env: { PATH: process.env.PATH ?? '' },
    })
    expect(stderr).toBe('')
  })

  it('include tests of vitest and of node:test', () => {
    expect(programs.filter(isVitestTest).length).toBeGreaterThan(0)
    expect(programs.filter(({ code }) => code.includes("from 'node:test'")).length).toBeGreaterThan(1)
  })
})
