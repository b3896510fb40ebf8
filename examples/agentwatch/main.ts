import { STREAM_PATH } from './live/upgrade.ts'
import { createAgentwatch } from './server.ts'

/** How long the process may take to end after a clean close, in milliseconds. */
const MAX_EXIT_DELAY_MS = 2000

try {
  const agentwatch = createAgentwatch({ env: process.env })
  const url = await agentwatch.listen()
  console.log(agentwatch.routeTable)
  console.log(`\nagentwatch serves on ${url} and counts ${agentwatch.storeDescription}. Try:\n`)
  // A browser cannot send the header of a key.
  if (keyHeader() === '') console.log(`  ${url}/limits/  the live page, in a browser`)
  console.log(`  curl -i ${url}/health`)
  console.log(`  curl -i -X POST ${url}/api/v1/demo/seed${keyHeader()}`)
  console.log(`  curl ${url}/metrics${keyHeader()}\n`)
  console.log(`The events are at ${url.replace('http', 'ws')}${STREAM_PATH}, behind the same limiter.`)

  const stop = (signal: NodeJS.Signals): void => {
    console.log(`${signal}: answering the requests under way, then stopping.`)
    agentwatch.close().then(expectExit, (error: unknown) => fail('did not stop cleanly', error))
  }
  // Terminals and process managers may send a signal twice. The second one has no effect.
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

/** Fails if something keeps the process alive after the close. */
function expectExit(): void {
  console.log('Stopped.')
  setTimeout(() => {
    console.error('agentwatch: the process did not end after the server was closed. Ending it now.')
    process.exit(1)
  }, MAX_EXIT_DELAY_MS).unref()
}

function fail(what: string, error: unknown): void {
  console.error(`agentwatch ${what}: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
