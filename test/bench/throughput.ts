import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Benchmark, Figures, Run } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { createGate, PACKAGES } from './contestants/contestants.ts'
import { spreadText } from './table.ts'

export type Outcome = 'admitted' | 'refused'

interface ThroughputSettings {
  readonly outcome: Outcome
  readonly seconds: number
}

const SECONDS = 5
const CONNECTIONS = 10
/** Where the time would be too short for a machine that has other things to do. */
const LEAST_REQUESTS = 200
const WINDOW_MS = 3_600_000
const STATUS: Readonly<Record<Outcome, number>> = { admitted: 200, refused: 429 }

const CONTESTANTS: Readonly<Record<Outcome, readonly ContestantName[]>> = {
  admitted: [...PACKAGES, 'bare Express'],
  refused: [...PACKAGES, 'bare 429, res.json', 'bare 429, res.end'],
}

export const throughput: Benchmark<ThroughputSettings> = {
  name: 'throughput',
  summary: `requests a second over loopback, ${CONNECTIONS} connections, from autocannon in another process`,
  checked: 'every answer has the one status that is expected; no errors, no timeouts',
  columns: [
    { figure: 'perSecond', heading: 'requests a second', text: spreadText },
    { figure: 'latencyMs', heading: 'mean latency, ms', text: spreadText },
  ],
  runs({ scale }) {
    const seconds = SECONDS * scale
    return (['admitted', 'refused'] as const).flatMap((outcome) =>
      CONTESTANTS[outcome].map(
        (contestant): Run<ThroughputSettings> => ({
          workload: outcome,
          contestant,
          settings: { outcome, seconds },
        }),
      ),
    )
  },
  measure,
}

async function measure(
  contestant: ContestantName,
  { outcome, seconds }: ThroughputSettings,
  dist: string,
): Promise<Figures> {
  const { server, url } = await serve(contestant, outcome, dist)
  try {
    // The one request that is admitted where all others are refused.
    if (outcome === 'refused') await (await fetch(url)).arrayBuffer()
    // For the compiler; where the time is too short to be one, it would only cost more of it.
    if (seconds >= 1) await bombard(url, 1, STATUS[outcome])
    return await bombard(url, seconds, STATUS[outcome])
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function serve(
  contestant: ContestantName,
  outcome: Outcome,
  dist: string,
): Promise<{ readonly server: Server; readonly url: string }> {
  const limit = outcome === 'admitted' ? 999_999_999 : 1
  const settings = { dist, limit, windowMs: WINDOW_MS, maxKeys: 1000, headers: 'legacy' } as const
  const { handler } = await createGate(contestant, settings)
  const { default: express } = await import('express')
  const app = express()
  app.use(handler)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}/` }
}

/** What autocannon prints with `-j`, as far as it is read. */
interface Report {
  readonly duration: number
  readonly errors: number
  readonly timeouts: number
  readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>
  readonly requests: { readonly total: number }
  readonly latency: { readonly mean: number }
}

async function bombard(url: string, seconds: number, status: number): Promise<Figures> {
  const program = createRequire(import.meta.url).resolve('autocannon')
  const load = seconds < 1 ? ['-a', LEAST_REQUESTS] : ['-d', seconds]
  // Samples no longer than a tenth of the time, or the time would be stretched to a whole sample.
  const sampleMs = Math.max(20, Math.min(1000, Math.floor(seconds * 100)))
  const flags = ['-c', CONNECTIONS, ...load, '-L', sampleMs, '-j', '-n', url].map(String)
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...flags])
  const report = JSON.parse(stdout) as Report
  const { duration, errors, timeouts, statusCodeStats, requests, latency } = report
  assert.deepEqual({ errors, timeouts }, { errors: 0, timeouts: 0 })
  assert.deepEqual(Object.keys(statusCodeStats), [String(status)], 'no other status than the expected one')
  assert.equal(statusCodeStats[status]?.count, requests.total, 'every answer has it')
  assert.ok(requests.total >= (seconds < 1 ? LEAST_REQUESTS : 1), 'there are answers')
  return { perSecond: requests.total / duration, latencyMs: latency.mean, answers: requests.total }
}
