/**
 * Four processes behind one port that count together in the Redis at REDIS_URL: a fixture of four-processes.test.ts.
 *
 * Serves `GET /<algorithm>`, and makes bursts that it is told of by messages: every process its own, all at once.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { ALGORITHMS } from '../../support/charges.ts'

/** Asks every process for so many charges at once. */
export interface Burst {
  readonly algorithm: string
  readonly client: string
  readonly charges: number
}

/** What the processes tell: first the port, then what of each burst each of them admitted. */
export interface ClusterMessage {
  readonly port?: number
  readonly admitted?: readonly number[]
}

const PROCESSES = 4
const LIMIT = 100
/** So long that nothing is regained while a test runs, and that no machine is too slow. */
const DAY_SEC = 86_400
const DEADLINE_MS = 60_000

if (process.env.REDIS_URL !== undefined) {
  if (cluster.isPrimary) await runPrimary()
  else await runWorker(process.env.REDIS_URL)
}

async function runPrimary(): Promise<void> {
  const workers = Array.from({ length: PROCESSES }, () => cluster.fork())
  cluster.on('exit', () => process.exit(1))
  const ports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as ClusterMessage))
  process.send?.(ports[0])
  process.on('message', async (burst: Burst) => {
    const answers = workers.map((worker) => once(worker, 'message'))
    for (const worker of workers) worker.send(burst)
    const admitted = (await Promise.all(answers)).map(([one]) => Number(one))
    process.send?.({ admitted } satisfies ClusterMessage)
  })
  // They end with it.
  process.once('disconnect', () => process.exit(0))
}

async function runWorker(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true })
  const store = new RedisStore({ client, prefix: `four:${process.ppid}`, deadlineMs: DEADLINE_MS })
  const app = express()
  const limiters = new Map<string, RateLimiter>()
  for (const algorithm of ALGORITHMS) {
    const read = { limit: LIMIT, windowSec: DAY_SEC, algorithm }
    // A store that fails must show, and not be made up for.
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
    const burst = Array.from({ length: charges }, () => limiter.consume(client))
    process.send?.((await Promise.all(burst)).filter(({ allowed }) => allowed).length)
  })
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies ClusterMessage)
}
