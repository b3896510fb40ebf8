import { runReplay } from './run-replay.ts'

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort())

try {
  const output = { report: process.stdout, progress: process.stderr }
  process.exitCode = await runReplay(process.argv.slice(2), output, interruption.signal)
} catch (error) {
  console.error(`replay: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
