import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, type DocumentedPrograms, programs } from './documented-programs.ts'

const run = promisify(execFile)

let project: DocumentedPrograms
beforeAll(() => {
  project = createProject()
})
afterAll(() => project.remove())

describe('the programs of the README and of the pages of docs', () => {
  it.each(programs)('run: $name', async ({ name }) => {
    const loaders = [import.meta.resolve('tsx'), new URL('./free-port.mjs', import.meta.url).href]
    const flags = loaders.flatMap((loader) => ['--import', loader])
    const { stderr } = await run(process.execPath, [...flags, name], {
      cwd: project.folder,
      timeout: 110_000,
      env: { PATH: process.env.PATH ?? '' },
    })
    expect(stderr).toBe('')
  })
})
