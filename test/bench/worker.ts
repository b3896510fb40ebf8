/** The process in which one contestant runs once: it is sent a task, answers with figures, and ends. */
import type { Figures } from './benchmark.ts'
import { benchmarkNamed } from './benchmarks.ts'
import type { ContestantName } from './contestants/contestant.ts'

/** The task of a worker. */
export interface Task {
  readonly benchmark: string
  readonly contestant: ContestantName
  readonly settings: unknown
  readonly dist: string
}

/** What a worker answers. */
export type Answer = { readonly figures: Figures } | { readonly error: string }

async function answerTo({ benchmark, contestant, settings, dist }: Task): Promise<Answer> {
  try {
    const figures = await benchmarkNamed(benchmark).measure(contestant, settings, dist)
    const wrong = Object.entries(figures).filter(([, figure]) => !Number.isFinite(figure))
    if (wrong.length > 0) throw new Error(`These figures are none: ${wrong.join(' ')}`)
    return { figures }
  } catch (error) {
    return { error: error instanceof Error ? String(error.stack) : String(error) }
  }
}

process.once('message', async (task: Task) => {
  const answer = await answerTo(task)
  // Stores may have timers left that nothing ends.
  process.send?.(answer, () => process.exit())
})
