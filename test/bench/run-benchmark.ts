import type { Benchmark, Figures, Result, Run, Workload } from './benchmark.ts'
import { spreadOf } from './statistics.ts'
import { renderTable } from './table.ts'
import { runTask, type WorkerProgram } from './worker-process.ts'

/** A contestant for whose sake nobody waits longer. */
const PATIENCE_MS = 180_000
/** Longer than anything takes that must come to an end. */
const TIME_LIMIT_MS = 900_000

/** What a benchmark needs from outside. */
export interface Surroundings {
  readonly program: WorkerProgram
  readonly dist: string
  readonly onRound: (round: number) => void
}

/** A contestant's run could not be made, or its workload was not what it should be. */
export class RunError extends Error {
  override readonly name = 'RunError'
}

/** What became of one run in the rounds so far. */
interface Progress {
  readonly run: Run
  readonly rounds: Figures[]
  leftOut: string | undefined
}

/**
 * Runs a benchmark: in every round each contestant once, in a process of its own and never two at a time.
 *
 * @throws RunError when a run fails
 */
export async function runBenchmark(
  benchmark: Benchmark,
  workload: Workload,
  surroundings: Surroundings,
): Promise<Result[]> {
  const runs = firstWorkloads(benchmark.runs(workload), workload.workloads)
  const all = runs.map((run): Progress => ({ run, rounds: [], leftOut: undefined }))
  for (let round = 1; round <= workload.rounds; round++) {
    surroundings.onRound(round)
    // Forth and back: a machine that slows down or warms up does so for all contestants.
    for (const progress of round % 2 === 1 ? all : all.toReversed()) {
      if (progress.leftOut === undefined) await runOnce(benchmark.name, progress, surroundings)
    }
  }
  return all.map((progress) => resultOf(benchmark.name, progress))
}

function firstWorkloads(runs: readonly Run[], count: number): Run[] {
  const names = [...new Set(runs.map(({ workload }) => workload))].slice(0, count)
  return runs.filter(({ workload }) => names.includes(workload))
}

async function runOnce(
  benchmark: string,
  progress: Progress,
  { program, dist }: Surroundings,
): Promise<void> {
  const { contestant, workload, settings, nodeOptions = [], mayBeLeftOut = false } = progress.run
  const task = { benchmark, contestant, settings, dist }
  const ending = await runTask(program, task, nodeOptions, mayBeLeftOut ? PATIENCE_MS : TIME_LIMIT_MS)
  if ('figures' in ending) progress.rounds.push(ending.figures)
  else if ('died' in ending && mayBeLeftOut) progress.leftOut = ending.died
  else {
    const reason = 'died' in ending ? ending.died : ending.error
    throw new RunError(`${benchmark}, ${workload}, ${contestant}: ${reason}`)
  }
}

function resultOf(benchmark: string, { run, rounds, leftOut }: Progress): Result {
  const { workload, contestant } = run
  if (leftOut !== undefined) return { benchmark, workload, contestant, figures: {}, leftOut }
  const names = Object.keys(rounds[0] ?? {})
  const figures = names.map((name) => [name, spreadOf(rounds.map((figures) => figures[name] ?? NaN))])
  return { benchmark, workload, contestant, figures: Object.fromEntries(figures) }
}

/** What a benchmark found, as text: heading, table, who was left out and why, and what was checked. */
export function reportOf({ name, summary, checked, columns }: Benchmark, results: readonly Result[]): string {
  const rows = results.map(({ workload, contestant, figures }, index) => [
    results[index - 1]?.workload === workload ? '' : workload,
    contestant,
    ...columns.map(({ figure, text }) => {
      const spread = figures[figure]
      return spread === undefined ? '' : text(spread, figures)
    }),
  ])
  const headings = ['', '', ...columns.map(({ heading }) => heading)]
  const leftOut = results.flatMap(({ workload, contestant, leftOut: reason }) =>
    reason === undefined ? [] : [`left out: ${contestant}, ${workload}: ${reason}`],
  )
  return [
    `${name}: ${summary}`,
    '',
    renderTable(headings, rows, 2),
    '',
    ...leftOut,
    `checked: ${checked}`,
  ].join('\n')
}
