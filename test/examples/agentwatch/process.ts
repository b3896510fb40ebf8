import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

/** A program of the examples, running on the sources as a process of its own. */
export interface RunningProgram {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves when the output contains the text; rejects when the program ends without it. */
  says(text: string): Promise<void>
  /** The exit code, or the signal that ended it. */
  ends(): Promise<number | NodeJS.Signals | null>
}

/** Runs a file of examples/ with a clean environment; it does not outlive the test. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', `${ROOT}/examples/${file}`, ...args], {
    cwd: ROOT,
    // The tsconfig at the root leads the package's name to its sources, so that nothing has to be built.
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: `${ROOT}/tsconfig.json`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]): number | NodeJS.Signals | null => code ?? signal)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (output.stdout.includes(text)) resolve()
        }
        child.stdout?.on('data', check)
        void ended.then(() =>
          reject(new Error(`It ended without saying '${text}': ${JSON.stringify(output)}`)),
        )
        check()
      }),
    ends: () => ended,
  }
}
