import { STREAM_PATH } from './live/upgrade.ts'
import { createAgentwatch } from './server.ts'

/** How long after a clean close the process may linger before something is taken to hold it. */
const LINGER_MS = 2000

try {
  const agentwatch = createAgentwatch({ env: process.env })
  const url = await agentwatch.listen()
  console.log(agentwatch.routeTable)
  console.log(`\nagentwatch serves on ${url} and counts ${agentwatch.counters}. Try:\n`)
  console.log(`  curl -i ${url}/health`)
  console.log(`  curl -i -X POST ${url}/api/v1/demo/seed${keyHeader()}\n`)
  console.log(`Events stream from ${url.replace('http', 'ws')}${STREAM_PATH}, behind the same limiter.`)

  const stop = (signal: NodeJS.Signals): void => {
    console.log(`${signal}: answering what is under way, then stopping.`)
    agentwatch.close().then(linger, (error: unknown) => fail('did not stop cleanly', error))
  }
  // Terminals and process managers may send a signal twice; the second changes nothing.
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping) stop(signal)
      stopping = true
    })
  }
} catch (error) {
  fail('does not start', error)
}

function keyHeader(): string {
  return process.env.AGENTWATCH_API_KEY === undefined ? '' : " -H 'X-API-Key: <your AGENTWATCH_API_KEY>'"
}

/** Nothing should be left that keeps the process alive. */
function linger(): void {
  console.log('Stopped.')
  setTimeout(() => {
    console.error('agentwatch: something still holds the process.')
    process.exit(1)
  }, LINGER_MS).unref()
}

function fail(what: string, error: unknown): void {
  console.error(`agentwatch ${what}: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
