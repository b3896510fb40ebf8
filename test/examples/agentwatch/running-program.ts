import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'

const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

// On a busy machine, the start of several processes takes minutes.
vi.setConfig({ testTimeout: 600_000 })

/** An example that runs on the sources as a separate process. */
export interface RunningProgram {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves when the output contains the text; rejects when the program ends without it. */
  waitForOutput(text: string): Promise<void>
  /** Resolves at the end of the process, to its exit code or to the signal that ended it. */
  exitCode(): Promise<number | NodeJS.Signals | null>
}

/** Runs a file of examples/ with a clean environment until the test ends. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', `${ROOT}/examples/${file}`, ...args], {
    cwd: ROOT,
    // The tsconfig at the root maps the name of the package to its sources, so that no build is necessary.
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
    waitForOutput: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (output.stdout.includes(text)) resolve()
        }
        child.stdout?.on('data', check)
        void ended.then(() =>
          reject(new Error(`The program ended without the output '${text}': ${JSON.stringify(output)}`)),
        )
        check()
      }),
    exitCode: () => ended,
  }
}
