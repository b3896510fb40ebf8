import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { Figures } from './benchmark.ts'
import type { Answer, Task } from './worker.ts'

/** How a run ended: with figures, with an error of its own, or before it could say anything. */
export type Ending = { readonly figures: Figures } | { readonly error: string } | { readonly died: string }

/** A worker as a program that Node runs as it is, so that no loader stands in its way or in its timings. */
export interface WorkerProgram {
  readonly path: string
  remove(): void
}

/** Compiles the worker into a file below node_modules, from where it finds the packages it imports. */
export function buildWorker(): WorkerProgram {
  const folder = mkdtempSync(fileURLToPath(new URL('../../node_modules/.bench-', import.meta.url)))
  const path = join(folder, 'worker.mjs')
  buildSync({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    outfile: path,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  })
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Runs one task in a process of its own, which is killed after `timeLimitMs`. */
export function runTask(
  program: WorkerProgram,
  task: Task,
  nodeOptions: readonly string[],
  timeLimitMs: number,
): Promise<Ending> {
  const child = fork(program.path, { execArgv: ['--expose-gc', ...nodeOptions] })
  const killWithParent = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithParent)
  child.send(task)
  return endingOf(child, timeLimitMs).finally(() => process.off('exit', killWithParent))
}

function endingOf(child: ChildProcess, timeLimitMs: number): Promise<Ending> {
  return new Promise((resolve) => {
    let ending: Ending | undefined
    const timer = setTimeout(() => {
      ending ??= { died: `it took more than ${timeLimitMs / 1000} s` }
      child.kill('SIGKILL')
    }, timeLimitMs)
    child.once('message', (answer: Answer) => {
      ending = answer
    })
    child.once('error', (error) => {
      ending ??= { died: error.message }
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve(ending ?? { died: `its process ended with ${signal ?? `code ${code}`}` })
    })
  })
}
