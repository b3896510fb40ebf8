/**
 * Four processes behind one port that count together in the Redis at REDIS_URL: a fixture of
 * four-processes.slow.test.ts.
 *
 * Serves `GET /<algorithm>`. For each message with a burst, every process makes the charges of the burst at
 * once.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { ALGORITHMS } from '../../support/charges.ts'

/** A message to the cluster: each process makes `charges` charges at once. */
export interface Burst {
  readonly algorithm: string
  readonly client: string
  readonly charges: number
}

/**
 * A message from the cluster: first the port, then the number of allowed charges in each process for each
 * burst.
 */
export interface ClusterMessage {
  readonly port?: number
  readonly allowed?: readonly number[]
}

const PROCESSES = 4
const LIMIT = 100
/** So long that no units come back during a test. */
const DAY_SEC = 86_400
/** So long that Redis does not answer too late on a busy machine. */
const DEADLINE_MS = 240_000

if (process.env.REDIS_URL !== undefined) {
  if (cluster.isPrimary) await runPrimary()
  else await runWorker(process.env.REDIS_URL)
}

async function runPrimary(): Promise<void> {
  const workers = Array.from({ length: PROCESSES }, () => cluster.fork())
  cluster.on('exit', () => process.exit(1))
  const ports = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0] as ClusterMessage),
  )
  process.send?.(ports[0])
  process.on('message', async (burst: Burst) => {
    const answers = workers.map((worker) => once(worker, 'message'))
    for (const worker of workers) worker.send(burst)
    const allowed = (await Promise.all(answers)).map(([message]) => Number(message))
    process.send?.({ allowed } satisfies ClusterMessage)
  })
  // The workers end with this process.
  process.once('disconnect', () => process.exit(0))
}

async function runWorker(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true })
  const store = new RedisStore({ client, prefix: `four:${process.ppid}`, deadlineMs: DEADLINE_MS })
  const app = express()
  const limiters = new Map<string, RateLimiter>()
  for (const algorithm of ALGORITHMS) {
    const read = { limit: LIMIT, windowSec: DAY_SEC, algorithm }
    // A failure of the store must fail the test, so there is no fallback.
    const limiter = createRateLimiter({ read, name: algorithm, store, onStoreError: 'deny' })
    limiters.set(algorithm, limiter)
    app.get(`/${algorithm}`, limiter, (_req, res) => {
      res.json({ process: process.pid })
    })
  }
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('message', async ({ algorithm, client, charges }: Burst) => {
    const limiter = limiters.get(algorithm)
    if (limiter === undefined) throw new Error(`no limiter ${algorithm}`)
    const burst = Array.from({ length: charges }, () => limiter.consume(client, { class: 'read' }))
    process.send?.((await Promise.all(burst)).filter(({ allowed }) => allowed).length)
  })
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies ClusterMessage)
}
