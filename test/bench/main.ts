/**
 * All benchmarks, side by side with other packages and with what cannot be done for less.
 *
 *   npm run bench
 *   npm run bench -- decisions memory --rounds 3 --scale 0.1
 *
 * --rounds 5        runs of each contestant; shown are the median, the least and the most
 * --scale 1         less than 1 shrinks every workload
 * --workloads 1     only the first workload of each benchmark
 * --json <file>     writes all figures to a file
 * --chart           draws the charts of test/bench/results, and writes the figures beside them, a file for each benchmark
 * --node 24         runs in another version of Node, which npx fetches from the registry of packages
 * --dist <folder>   measures another build, in a folder below a package that has its dependencies
 * --list            names the benchmarks, and runs none
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError, type Arguments, parseArguments } from './arguments.ts'
import type { Result } from './benchmark.ts'
import { BENCHMARKS } from './benchmarks.ts'
import { drawCharts } from './charts.ts'
import { checkGoals, type Finding, goalsText } from './goals.ts'
import { describeMachine, type Machine, machineText } from './machine.ts'
import { RunError, reportOf, runBenchmark } from './run-benchmark.ts'
import { buildWorker } from './worker-process.ts'

const RESULTS_FOLDER = fileURLToPath(new URL('results', import.meta.url))

/** Everything that a run of the benchmarks found. */
interface Session {
  readonly machine: Machine
  readonly startedAt: string
  readonly rounds: number
  readonly scale: number
  readonly results: readonly Result[]
  readonly goals: readonly Finding[]
}

async function main(words: readonly string[]): Promise<void> {
  const given = parseArguments(
    words,
    BENCHMARKS.map(({ name }) => name),
  )
  if (given.list) {
    for (const { name, summary } of BENCHMARKS) console.log(`${name.padEnd(18)}${summary}`)
    return
  }
  const dist = distOf(given)
  if (given.node !== undefined) {
    process.exitCode = runInNode(given.node, words)
    return
  }
  const [machine, startedAt] = [describeMachine(), new Date().toISOString()]
  console.log(`${machineText(machine)}\n${settingsText(given, dist)}\n`)
  const results = await runAll(given, dist)
  const goals = checkGoals(results)
  console.log(`${goalsText(goals)}\n`)
  const { rounds, scale } = given
  write(given, { machine, startedAt, rounds, scale, results, goals })
}

/** Runs this program in another version of Node, and answers its exit code. */
function runInNode(version: string, words: readonly string[]): number {
  const at = words.findIndex((word) => word.startsWith('--node'))
  const others = words.toSpliced(at, words[at] === '--node' ? 2 : 1)
  const program = ['node', '--import', 'tsx', fileURLToPath(import.meta.url), ...others]
  return (
    spawnSync('npx', ['--yes', '--package', `node@${version}`, ...program], { stdio: 'inherit' }).status ?? 1
  )
}

function distOf({ dist }: Arguments): string {
  const folder = dist === undefined ? fileURLToPath(new URL('../../dist', import.meta.url)) : resolve(dist)
  if (existsSync(join(folder, 'index.js'))) return folder
  throw new ArgumentError(
    `--dist takes the folder of a build: '${dist ?? folder}' has no index.js. Run \`npm run build\` there.`,
  )
}

function settingsText({ rounds, scale, dist: other }: Arguments, dist: string): string {
  const runs = rounds === 1 ? 'one run of each' : `medians of ${rounds} runs, least and most in brackets`
  const size = scale === 1 ? '' : `; at scale ${scale}, which is no size to draw conclusions from`
  return `${runs}${size}${other === undefined ? '' : `\nthe build of express-tollgate is ${dist}`}`
}

async function runAll({ names, rounds, scale, workloads }: Arguments, dist: string): Promise<Result[]> {
  const program = buildWorker()
  // Whatever ends this process, an interrupt from the keyboard included, leaves nothing behind.
  process.once('exit', program.remove)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const results: Result[] = []
  for (const benchmark of BENCHMARKS.filter(({ name }) => names.includes(name))) {
    const onRound = (round: number): void => console.error(`${benchmark.name}: round ${round} of ${rounds}`)
    const found = await runBenchmark(benchmark, { rounds, scale, workloads }, { program, dist, onRound })
    console.log(`${reportOf(benchmark, found)}\n`)
    results.push(...found)
  }
  return results
}

function measuredGoals(results: readonly Result[]): Finding[] {
  return checkGoals(results).filter(({ figure }) => figure !== undefined)
}

function textOf(record: Session): string {
  return `${JSON.stringify(record, undefined, 1)}\n`
}

function write({ json, chart }: Arguments, record: Session): void {
  if (json !== undefined) {
    mkdirSync(dirname(resolve(json)), { recursive: true })
    writeFileSync(json, textOf(record))
  }
  if (!chart) return
  mkdirSync(RESULTS_FOLDER, { recursive: true })
  for (const name of new Set(record.results.map(({ benchmark }) => benchmark))) {
    const results = record.results.filter(({ benchmark }) => benchmark === name)
    writeFileSync(
      join(RESULTS_FOLDER, `${name}.json`),
      textOf({ ...record, results, goals: measuredGoals(results) }),
    )
  }
  for (const { file, svg } of drawCharts(record.results, record.machine, record)) {
    writeFileSync(join(RESULTS_FOLDER, file), svg)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ArgumentError || error instanceof RunError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
