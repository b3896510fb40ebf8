/**
 * The worked timelines of docs/algorithms.md, computed by the real code: one client, one limit, and the same requests
 * for each algorithm. Print them with: npx tsx test/integration/readme/timelines.ts
 */
import { fileURLToPath } from 'node:url'
import { type AlgorithmState, algorithmOf } from '../../../src/limits/algorithms.ts'
import type { AlgorithmName, Limit } from '../../../src/limits/limit.ts'

/** The requests of the client: how many, and how many seconds after the first one. */
const SENT: readonly (readonly [atSec: number, requests: number])[] = [
  [0, 1],
  [53, 1],
  [57, 3],
  [60, 4],
  [75, 1],
  [120, 4],
]

const LIMIT = 4
const WINDOW_MS = 60_000

/** The timeline of one algorithm as a table of Markdown. */
export function timelineOf(algorithm: AlgorithmName): string {
  const limit: Limit = {
    name: 'read',
    limit: LIMIT,
    burst: LIMIT,
    windowMs: WINDOW_MS,
    ttlMs: WINDOW_MS,
    algorithm,
  }
  let state: AlgorithmState | undefined
  const rows = SENT.map(([atSec, requests]) => {
    const results = Array.from({ length: requests }, () => {
      const result = algorithmOf(limit).charge(state, atSec * 1000, limit, 1)
      if (result.allowed) state = result.state
      return result
    })
    const allowedCount = results.filter(({ allowed }) => allowed).length
    const last = results.at(-1)
    const wait = last?.allowed === false ? `${last.retryAfterMs / 1000} s` : ''
    return `| ${atSec} s | ${requests} | ${allowedCount} | ${last?.remaining} | ${wait} |`
  })
  return ['| at | sent | admitted | left | wait |', '|---|---|---|---|---|', ...rows].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const algorithm of ['fixed-window', 'sliding-window', 'token-bucket'] as const) {
    console.log(`${algorithm}\n\n${timelineOf(algorithm)}\n`)
  }
}
