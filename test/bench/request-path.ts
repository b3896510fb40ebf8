/**
 * What one number per class costs on a request's way, in two builds of this package side by side.
 *
 *   npm run build && npx tsx test/bench/request-path.ts /path/to/another/build/dist
 *
 * Both are loaded from their files and asked in turn, round by round, so that whatever else the machine does
 * falls on both.
 */
import { strict as assert } from 'node:assert'
import { IncomingMessage, ServerResponse } from 'node:http'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Package from '../../src/index.ts'
import { socketFrom } from './addressed-socket.ts'
import { median } from './statistics.ts'

const ROUNDS = 15
const REQUESTS_PER_ROUND = 60_000
const DECISIONS_PER_ROUND = 300_000
const MANY_KEYS = 100_000

interface Build {
  readonly name: string
  readonly load: typeof Package
}

interface Workload {
  readonly name: string
  readonly unit: string
  /** Prepares a run of one build; the function that it returns does the work and counts it. */
  readonly prepare: (load: typeof Package) => () => number
}

const requests: Workload = {
  name: 'middleware, one IPv4 client',
  unit: 'ns/request',
  prepare(load) {
    const limiter = load.createRateLimiter({ read: 999_999_999, trustProxy: false })
    const socket = socketFrom('203.0.113.7')
    return () => {
      let passed = 0
      const next = (): void => void passed++
      for (let turn = 0; turn < REQUESTS_PER_ROUND; turn++) {
        const req = new IncomingMessage(socket)
        req.method = 'GET'
        const res = new ServerResponse(req)
        limiter(req, res, next)
        if (turn === 0) assert.equal(res.getHeader('X-RateLimit-Limit'), '999999999')
      }
      return passed
    }
  },
}

function decisions(name: string, keyOf: (turn: number) => string): Workload {
  return {
    name,
    unit: 'ns/decision',
    prepare({ MemoryStore }) {
      const store = new MemoryStore()
      const limits = [
        {
          name: 'read',
          limit: 999_999_999,
          burst: 999_999_999,
          windowMs: 3_600_000,
          ttlMs: 3_630_000,
          algorithm: 'fixed-window' as const,
        },
      ]
      return () => {
        let allowed = 0
        for (let turn = 0; turn < DECISIONS_PER_ROUND; turn++) {
          const decision = store.consume({ key: keyOf(turn), limits, cost: 1 })
          if ((decision as Package.Decision).allowed) allowed++
        }
        return allowed
      }
    },
  }
}

const WORKLOADS: readonly Workload[] = [
  requests,
  decisions('store, one key', () => 'default:read:203.0.113.7'),
  decisions('store, 100,000 keys', (turn) => `default:read:10.${turn % MANY_KEYS}`),
]

function measureNs(run: () => number, expected: number): number {
  const began = process.hrtime.bigint()
  const done = run()
  const elapsedNs = Number(process.hrtime.bigint() - began)
  assert.equal(done, expected, 'every request is admitted')
  return elapsedNs / expected
}

async function loadBuild(name: string, dist: string): Promise<Build> {
  return { name, load: (await import(pathToFileURL(join(dist, 'index.js')).href)) as typeof Package }
}

const other = process.argv[2]
assert.ok(other !== undefined, 'Give the dist folder of another build to compare with.')
const builds = await Promise.all([
  loadBuild('other', resolve(other)),
  loadBuild('this', fileURLToPath(new URL('../../dist', import.meta.url))),
])
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; medians of ${ROUNDS} rounds`,
)
for (const { name, unit, prepare } of WORKLOADS) {
  const expected = unit === 'ns/request' ? REQUESTS_PER_ROUND : DECISIONS_PER_ROUND
  const runs = builds.map(({ load }) => prepare(load))
  const figures: number[][] = builds.map(() => [])
  for (let round = -2; round < ROUNDS; round++) {
    // In turn, since the second build finds the machine warmer.
    const turns = [...runs.entries()]
    for (const [index, run] of round % 2 === 0 ? turns : turns.reverse()) {
      const ns = measureNs(run, expected)
      // The first rounds are for the compiler.
      if (round >= 0) figures[index]?.push(ns)
    }
  }
  const [before = Number.NaN, after = Number.NaN] = figures.map(median)
  const line = [
    `other ${before.toFixed(0)}`,
    `this ${after.toFixed(0)} ${unit}`,
    `x ${(after / before).toFixed(2)}`,
  ]
  console.log(`${name.padEnd(30)}${line.join('  ')}`)
}
