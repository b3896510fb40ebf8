import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ALGORITHMS } from '../../support/charges.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'
import type { Burst, ClusterMessage } from './counting-cluster.ts'

const PROCESSES = 4
const CHARGES_OF_EACH = 250
const LIMIT = 100
const RUNS = 50
/** A bound for a busy machine. */
const TIMEOUT_MS = 600_000

describeRedis('four processes with one limit of 100 in one Redis', () => {
  let redis: Pick<RedisServer, 'url' | 'stop'>
  let cluster: ChildProcess
  let ended: Promise<unknown>
  let port: number | undefined

  /** The next message of the cluster; an empty one if it has ended. */
  async function nextMessage(): Promise<ClusterMessage> {
    const [message] = (await Promise.race([once(cluster, 'message'), ended])) as [ClusterMessage]
    return message
  }

  /** How many charges of a burst each process allowed. */
  async function allowedByProcess(algorithm: string, client: string): Promise<readonly number[]> {
    cluster.send({ algorithm, client, charges: CHARGES_OF_EACH } satisfies Burst)
    return (await nextMessage()).allowed ?? []
  }

  beforeAll(async () => {
    redis = await anyRedis()
    cluster = fork(fileURLToPath(new URL('counting-cluster.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { PATH: process.env.PATH, REDIS_URL: redis.url },
    })
    ended = once(cluster, 'exit').then(() => [{}])
    port = (await nextMessage()).port
  }, TIMEOUT_MS)
  afterAll(async () => {
    if (cluster.connected) cluster.disconnect()
    await ended
    await redis.stop()
  })

  it.each(ALGORITHMS)(
    'allow exactly 100 of 1000 parallel charges, in each of 50 runs: %s',
    async (algorithm) => {
      const successful = new Set<number>()
      for (let run = 0; run < RUNS; run++) {
        const allowed = await allowedByProcess(algorithm, `client-${run}`)
        expect(allowed).toHaveLength(PROCESSES)
        expect(allowed.reduce((sum, count) => sum + count, 0)).toBe(LIMIT)
        allowed.forEach((count, index) => {
          if (count > 0) successful.add(index)
        })
      }
      // If one process were always first, the processes would not compete.
      expect(successful.size).toBeGreaterThan(1)
    },
    TIMEOUT_MS,
  )

  it.each(ALGORITHMS)(
    'allow exactly 100 of 1000 parallel requests to one port: %s',
    async (algorithm) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 100 })
      const request = async (): Promise<{ status: number | undefined; process: unknown }> => {
        const [response] = (await once(
          get({ port, host: '127.0.0.1', path: `/${algorithm}`, agent }),
          'response',
        )) as [IncomingMessage]
        const body = (await json(response)) as { process?: unknown }
        return { status: response.statusCode, process: body.process }
      }
      const answers = await Promise.all(Array.from({ length: PROCESSES * CHARGES_OF_EACH }, request))
      agent.destroy()
      const counts = new Map<number | undefined, number>()
      for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1)
      expect(Object.fromEntries(counts)).toEqual({ 200: LIMIT, 429: 900 })
      const processes = new Set(
        answers.filter(({ status }) => status === 200).map((answer) => answer.process),
      )
      expect(processes.size).toBeGreaterThan(1)
    },
    TIMEOUT_MS,
  )
})
