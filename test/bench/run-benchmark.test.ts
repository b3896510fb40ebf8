import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Benchmark, Run } from './benchmark.ts'
import { type RunError, reportOf, runBenchmark } from './run-benchmark.ts'
import { spreadText } from './table.ts'
import { runTask } from './worker-process.ts'

/** A worker that notes who it is and does what its settings say. */
const WORKER = `import { appendFileSync } from 'node:fs'
process.once('message', ({ contestant, settings, dist }) => {
  appendFileSync(dist + '/log', contestant + ' ' + process.execArgv.join(' ') + '\\n')
  if (settings.dies) process.exit(3)
  process.send(settings.error ? { error: settings.error } : { figures: { ns: settings.ns } }, () => process.exit())
})`

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  writeFileSync(join(folder, 'worker.mjs'), WORKER)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const OURS: Run = { workload: 'few', contestant: 'express-tollgate', settings: { ns: 1 } }
const MAP: Run = {
  workload: 'few',
  contestant: 'bare Map',
  settings: { ns: 2 },
  nodeOptions: ['--no-warnings'],
}
const LATER: Run = { workload: 'many', contestant: 'bare Map', settings: { ns: 3 } }

function benchmark(...runs: readonly Run[]): Benchmark {
  return {
    name: 'example',
    summary: 'what is measured',
    checked: 'what was checked',
    columns: [{ figure: 'ns', heading: 'ns a thing', text: spreadText }],
    runs: () => runs,
    measure: () => Promise.reject(new Error('not in this process')),
  }
}

function run(one: Benchmark, rounds: number, workloads = 9): ReturnType<typeof runBenchmark> {
  const program = { path: join(folder, 'worker.mjs'), remove() {} }
  return runBenchmark(one, { scale: 1, rounds, workloads }, { program, dist: folder, onRound() {} })
}

const log = (): string[] => readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n')

describe('running a benchmark', () => {
  it('has each contestant run once a round, forth and back, with its options', async () => {
    const results = await run(benchmark(OURS, MAP), 2)
    expect(log()).toEqual([
      'express-tollgate --expose-gc',
      'bare Map --expose-gc --no-warnings',
      'bare Map --expose-gc --no-warnings',
      'express-tollgate --expose-gc',
    ])
    expect(results.map(({ contestant, figures }) => [contestant, figures.ns?.values])).toEqual([
      ['express-tollgate', [1, 1]],
      ['bare Map', [2, 2]],
    ])
  })

  it('stops after so many workloads', async () => {
    const results = await run(benchmark(OURS, MAP, LATER), 1, 1)
    expect(results.map(({ workload }) => workload)).toEqual(['few', 'few'])
  })

  it('fails with the error of a run, and names the contestant', async () => {
    const failing = {
      ...MAP,
      settings: { error: 'AssertionError: every key is admitted' },
      mayBeLeftOut: true,
    }
    await expect(run(benchmark(OURS, failing, LATER), 1)).rejects.toMatchObject({
      name: 'RunError',
      message: 'example, few, bare Map: AssertionError: every key is admitted',
    } satisfies Partial<RunError>)
    expect(log()).toHaveLength(2)
  })

  it('fails when a process dies', async () => {
    await expect(run(benchmark({ ...OURS, settings: { dies: true } }), 1)).rejects.toThrow(
      'example, few, express-tollgate: its process ended with code 3',
    )
  })

  it('leaves out who may be, once its process has died', async () => {
    const dying = { ...MAP, settings: { dies: true }, mayBeLeftOut: true }
    const results = await run(benchmark(OURS, dying), 3)
    expect(results[1]).toStrictEqual({
      benchmark: 'example',
      workload: 'few',
      contestant: 'bare Map',
      figures: {},
      leftOut: 'its process ended with code 3',
    })
    expect(log().filter((line) => line.startsWith('bare Map'))).toHaveLength(1)
    expect(results[0]?.figures.ns?.values).toEqual([1, 1, 1])
  })
})

describe('a task', () => {
  it('is ended with its process when it takes too long', async () => {
    writeFileSync(join(folder, 'worker.mjs'), "process.once('message', () => setInterval(() => {}, 1000))")
    const task = { benchmark: 'example', contestant: 'bare Map', settings: {}, dist: folder } as const
    const program = { path: join(folder, 'worker.mjs'), remove() {} }
    expect(await runTask(program, task, [], 100)).toEqual({ died: 'it took more than 0.1 s' })
  })
})

describe('the report of a benchmark', () => {
  it('has a row for each contestant, each workload named once, and what was checked', async () => {
    const one = benchmark(OURS, { ...MAP, settings: { dies: true }, mayBeLeftOut: true }, LATER)
    expect(reportOf(one, await run(one, 1))).toBe(
      [
        'example: what is measured',
        '',
        '                        ns a thing',
        '----  ----------------  ----------',
        'few   express-tollgate        1.00',
        '      bare Map',
        'many  bare Map                3.00',
        '',
        'left out: bare Map, few: its process ended with code 3',
        'checked: what was checked',
      ].join('\n'),
    )
  })
})
