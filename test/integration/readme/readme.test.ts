import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'
import { textOf } from '../../support/project-files.ts'
import { blocks, createProject, type DocumentedPrograms, programs } from './documented-programs.ts'

let project: DocumentedPrograms
beforeAll(() => {
  project = createProject()
})
afterAll(() => project.remove())

describe('the README and the pages of docs', () => {
  it('have programs', () => {
    expect(programs.length).toBeGreaterThanOrEqual(9)
    expect(
      blocks.filter(
        ({ language }) => !['ts', 'js', 'sh', 'http', 'json', 'nginx', 'text', 'yaml'].includes(language),
      ),
    ).toEqual([])
  })

  it('begin with a README of at most 300 lines', () => {
    expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(300)
  })

  it('describe the failures of their example store in the conformance suite', async () => {
    const { name } = programs.find(({ code }) => code.includes('class ListStore')) ?? { name: '' }
    const source = ts.sys.readFile(join(project.folder, name)) ?? ''
    const exported = join(project.folder, 'list-store.mts')
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
