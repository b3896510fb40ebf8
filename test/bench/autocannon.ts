import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { LOAD_CORE, pinned } from './pinning.ts'

/** What autocannon prints with `-j`, as far as it is read. */
interface Report {
  readonly duration: number
  readonly errors: number
  readonly timeouts: number
  readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>
  readonly requests: { readonly total: number }
  readonly latency: { readonly mean: number }
}

/** How a server did. */
export interface Bombardment {
  readonly perSecond: number
  readonly latencyMs: number
  readonly answers: number
}

export const CONNECTIONS = 10
/** Where the time would be too short for a machine that has other things to do. */
const LEAST_REQUESTS = 200

/** Requests from another process for so long, in seconds. Throws unless all are answered with that status. */
export async function bombard(url: string, seconds: number, status: number): Promise<Bombardment> {
  const program = createRequire(import.meta.url).resolve('autocannon')
  const load = seconds < 1 ? ['-a', LEAST_REQUESTS] : ['-d', seconds]
  // Samples no longer than a tenth of the time, or the time would be stretched to a whole sample.
  const sampleMs = Math.max(20, Math.min(1000, Math.floor(seconds * 100)))
  const flags = ['-c', CONNECTIONS, ...load, '-L', sampleMs, '-j', '-n', url].map(String)
  const [command = '', ...words] = pinned(LOAD_CORE, [process.execPath, program, ...flags])
  const { stdout } = await promisify(execFile)(command, words)
  const { duration, errors, timeouts, statusCodeStats, requests, latency } = JSON.parse(stdout) as Report
  assert.deepEqual({ errors, timeouts }, { errors: 0, timeouts: 0 })
  assert.deepEqual(Object.keys(statusCodeStats), [String(status)], 'no other status than the expected one')
  assert.equal(statusCodeStats[status]?.count, requests.total, 'every answer has it')
  assert.ok(requests.total >= (seconds < 1 ? LEAST_REQUESTS : 1), 'there are answers')
  return { perSecond: requests.total / duration, latencyMs: latency.mean, answers: requests.total }
}
