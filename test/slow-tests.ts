/**
 * Runs the slow tests: the harness of the benchmarks, the soak, the packed package in projects, and files that start
 * many processes, a browser or a Redis that fails.
 *
 *   npm run test:slow              a soak of seconds, and one version of Node
 *   npm run test:slow -- --full    a soak of ten minutes, and every supported version of Node
 *
 * All other arguments go to vitest.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FULL_TESTS } from './support/full-tests.ts'

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const CONFIG = fileURLToPath(new URL('vitest.config.ts', import.meta.url))

const words = process.argv.slice(2)
const isFull = words.includes('--full')
const vitestWords = words.filter((word) => word !== '--full')

const runner = spawn(
  process.execPath,
  [VITEST, 'run', '--config', CONFIG, '--project', 'slow', ...vitestWords],
  { stdio: 'inherit', env: { ...process.env, ...(isFull ? { [FULL_TESTS]: '1' } : {}) } },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => runner.kill(signal))
runner.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130)
})
