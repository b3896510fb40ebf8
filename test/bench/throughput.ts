import { bombard, CONNECTIONS } from './autocannon.ts'
import type { Benchmark, Figures, Run } from './benchmark.ts'
import type { ContestantName } from './contestants/contestant.ts'
import { createGate, PACKAGES } from './contestants/contestants.ts'
import { PINNING_TEXT, pinToCore, SERVER_CORE } from './pinning.ts'
import { type ServedApp, serveApp } from './served-app.ts'
import { spreadText } from './table.ts'

export type Outcome = 'admitted' | 'refused'

interface ThroughputSettings {
  readonly outcome: Outcome
  readonly seconds: number
}

const SECONDS = 5
const WINDOW_MS = 3_600_000
const STATUS: Readonly<Record<Outcome, number>> = { admitted: 200, refused: 429 }

const CONTESTANTS: Readonly<Record<Outcome, readonly ContestantName[]>> = {
  admitted: [...PACKAGES, 'bare Express', 'bare headers', 'floor'],
  refused: [...PACKAGES, 'bare 429, res.json', 'bare 429, res.end', 'bare 429, same fields'],
}

export const throughput: Benchmark<ThroughputSettings> = {
  name: 'throughput',
  summary: `requests a second over loopback, ${CONNECTIONS} connections, from autocannon in another process; ${PINNING_TEXT}`,
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
  pinToCore(process.pid, SERVER_CORE)
  const { server, url } = await serve(contestant, outcome, dist)
  try {
    // The one request that is admitted where all others are refused.
    if (outcome === 'refused') await (await fetch(url)).arrayBuffer()
    // For the compiler; where the time is too short to be one, it would only cost more of it.
    if (seconds >= 1) await bombard(url, 1, STATUS[outcome])
    return { ...(await bombard(url, seconds, STATUS[outcome])) }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function serve(contestant: ContestantName, outcome: Outcome, dist: string): Promise<ServedApp> {
  const limit = outcome === 'admitted' ? 999_999_999 : 1
  const settings = { dist, limit, windowMs: WINDOW_MS, maxKeys: 1000, headers: 'legacy' } as const
  const { handler } = await createGate(contestant, settings)
  return serveApp(handler)
}
