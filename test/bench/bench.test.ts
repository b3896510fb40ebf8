import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Result } from './benchmark.ts'
import { BENCHMARKS, REDIS_BENCHMARKS } from './benchmarks.ts'
import { breakBuild } from './broken-build.ts'
import { PINNING_TEXT } from './pinning.ts'
import { REQUEST_GOALS } from './request-goals.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TINY = ['--rounds', '1', '--scale', '0.0001']

interface Ending {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `npm run bench -- ...` without the build before it. */
function bench(...words: readonly string[]): Promise<Ending> {
  return new Promise((resolve) => {
    const flags = ['--import', 'tsx', 'test/bench/main.ts', ...words]
    execFile(process.execPath, flags, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const leftovers = (): string[] =>
  readdirSync(join(ROOT, 'node_modules')).filter((name) => name.startsWith('.bench-'))

describe('npm run bench', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-smoke-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let all: readonly Ending[] = []

  // Two at a time, one for each core of a small machine: what they measure here is not looked at.
  beforeAll(async () => {
    const json = ['--json', join(folder, 'deep', 'figures.json')]
    const first = [...TINY, '--workloads', '1']
    const chains = [
      async () => [
        await bench(...TINY, 'memory', '--workloads', '2'),
        await bench(...first, 'decisions', 'pauses', ...json),
      ],
      async () => [
        await bench(...TINY, 'requests', '--workloads', '6'),
        await bench(...TINY, 'throughput'),
        await bench(...first, 'flood', 'adversarial'),
      ],
    ]
    all = (await Promise.all(chains.map((chain) => chain()))).flat()
  }, 600_000)

  const output = (): string => all.map(({ stdout }) => stdout).join('\n')

  it('ends well, whatever the figures are', () => {
    expect(all.map(({ code, stderr }) => [code, stderr.replace(/^\w+: round 1 of 1\n/gm, '')])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
      [0, ''],
      [0, ''],
    ])
  })

  const withoutRedis = BENCHMARKS.filter(({ name }) => !REDIS_BENCHMARKS.some((one) => one.name === name))

  it.each(withoutRedis)(
    'prints the table of $name and what was checked',
    ({ name, summary, columns, checked }) => {
      const [, report = ''] = output().split(`${name}: ${summary}\n\n`)
      const lines = report.split(`\n\nchecked: ${checked}\n`)[0]?.split('\n') ?? []
      for (const { heading } of columns) expect(lines[0]).toContain(heading)
      const names = lines
        .slice(2)
        .map(
          (line) =>
            /(?:^| {2})(express-tollgate(?:, metrics)?|[a-z]+-rate-limit|rate-limiter-flexible|floor|bare \w+(?:, res\.\w+|, same fields)?) {2}/.exec(
              line,
            )?.[1],
        )
      expect(names.slice(0, 3)).toEqual(['express-tollgate', 'express-rate-limit', 'rate-limiter-flexible'])
      expect(names).not.toContain(undefined)
    },
  )

  it('names the machine, the versions, the scale, and the goals', () => {
    for (const { stdout } of all) {
      expect(stdout).toMatch(/^.+, \d+ cores, \d+ GiB, .+, load \d+\.\d\d before the start\n/)
      expect(stdout).toMatch(/\nNode v\d+\S+, V8 \S+, express-tollgate \S+, express \S+, express-rate-limit /)
      expect(stdout).toContain(
        '\none run of each; at scale 0.0001, which is no size to draw conclusions from\n',
      )
      expect(stdout).toMatch(/\nbytes a client at 1 million IPv4 keys +\S.* <= 40/)
    }
  })

  it('says on which cores the server and its load ran', () => {
    expect(output()).toContain(`from autocannon in another process; ${PINNING_TEXT}\n`)
  })

  it('measures every goal about requests', () => {
    const missing = REQUEST_GOALS.filter(({ what, goal }) => {
      const line = (all: readonly string[]): string | undefined =>
        all.find((one) => one.startsWith(`${what} `) && one.includes(` ${goal} `))
      return all.every(({ stdout }) => /not measured/.test(line(stdout.split('\n')) ?? 'not measured'))
    })
    expect(missing).toEqual([])
  })

  it('writes every figure to a file', () => {
    const path = join(folder, 'deep', 'figures.json')
    const { results, rounds, machine } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly results: readonly Result[]
      readonly rounds: number
      readonly machine: { readonly node: string }
    }
    expect([rounds, machine.node]).toEqual([1, process.version])
    expect([...new Set(results.map(({ benchmark }) => benchmark))]).toEqual(['decisions', 'pauses'])
    for (const { figures } of results) expect(Object.keys(figures).length).toBeGreaterThan(1)
  })

  it('leaves no program behind', () => {
    // Another run of the benchmarks may be under way, with a program of its own.
    expect(leftovers().filter((name) => !existsSync(join(ROOT, 'node_modules', name, 'worker.mjs')))).toEqual(
      [],
    )
  })

  it('ends with an error when a workload is not what it should be', async () => {
    const { dist, remove } = breakBuild('refuses every client')
    const { code, stdout, stderr } = await bench(...TINY, 'decisions', '--dist', dist)
    remove()
    expect(code).toBe(1)
    expect(stderr).toContain(
      'decisions, 1 key, fresh strings, express-tollgate: AssertionError [ERR_ASSERTION]: every key is admitted',
    )
    expect(stdout).toContain(`\nthe build of express-tollgate is ${dist}\n`)
    expect(stdout).not.toContain('checked:')
  })

  it('names its benchmarks', async () => {
    const { code, stdout } = await bench('--list')
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(BENCHMARKS.map(({ name }) => name))
  })

  it.each([
    [
      ['--rounds', 'many'],
      "--rounds takes a whole number: 'many' was given. Give one from 1 to 99, such as --rounds 5.\n",
    ],
    [
      ['--dist', '/nowhere'],
      "--dist takes the folder of a build: '/nowhere' has no index.js. Run `npm run build` there.\n",
    ],
  ])('does not run with %j', async (words, message) => {
    expect(await bench(...words)).toEqual({ code: 1, stdout: '', stderr: message })
  })
})
