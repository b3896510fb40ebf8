import { runReplay } from './run-replay.ts'

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort())

try {
  const output = { report: process.stdout, progress: process.stderr }
  process.exitCode = await runReplay(process.argv.slice(2), output, interruption.signal)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  // The message may hold the name of a file, and that name a command to the terminal.
  console.error(`replay: ${message.replace(/[^\n\x20-\x7e]/g, '?')}`)
  process.exitCode = 1
}
