/**
 * Several processes under steady load while their Redis is stopped, killed, flushed and paused, in turn.
 *
 *   node --import tsx test/bench/soak.ts --minutes 10
 *
 * Ends with 1 when any answer was neither 200 nor 429, or a process died; with 2 when there is nothing to run.
 */
import { NO_REDIS } from '../support/redis/redis-server.ts'
import { ArgumentError } from './arguments.ts'
import { runSoak } from './soak/run-soak.ts'
import { minutesOf } from './soak/soak-arguments.ts'
import { flawsOf, soakText } from './soak/soak-report.ts'

const PROCESSES = 4
const REQUESTS_PER_SECOND = 1000

async function main(words: readonly string[]): Promise<number> {
  const minutes = minutesOf(words)
  if (NO_REDIS !== undefined) {
    console.error(NO_REDIS)
    return 2
  }
  console.log(`${PROCESSES} processes, ${REQUESTS_PER_SECOND} requests a second, ${minutes} minutes\n`)
  const outcome = await runSoak({
    ...{ minutes, processes: PROCESSES, requestsPerSecond: REQUESTS_PER_SECOND },
    onRecovery: ({ fault, ms }) => console.error(`${fault}: Redis decides again after ${ms} ms`),
  })
  console.log(soakText(outcome))
  return flawsOf(outcome).length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
