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
const A_MINUTE_MS = 60_000

describeRedis('four processes with one limit of 100 in one Redis', () => {
  let redis: Pick<RedisServer, 'url' | 'stop'>
  let leader: ChildProcess
  let ended: Promise<unknown>
  let port: number | undefined

  async function told(): Promise<ClusterMessage> {
    const [message] = (await Promise.race([once(leader, 'message'), ended])) as [ClusterMessage]
    return message
  }

  async function admittedOf(algorithm: string, client: string): Promise<readonly number[]> {
    leader.send({ algorithm, client, charges: CHARGES_OF_EACH } satisfies Burst)
    return (await told()).admitted ?? []
  }

  beforeAll(async () => {
    redis = await anyRedis()
    leader = fork(fileURLToPath(new URL('counting-cluster.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { PATH: process.env.PATH, REDIS_URL: redis.url },
    })
    ended = once(leader, 'exit').then(() => [{}])
    port = (await told()).port
  }, A_MINUTE_MS)
  afterAll(async () => {
    if (leader.connected) leader.disconnect()
    await ended
    await redis.stop()
  })

  it.each(ALGORITHMS)(
    'admits exactly 100 of 1000 parallel charges, 50 times over: %s',
    async (algorithm) => {
      const busy = new Set<number>()
      for (let run = 0; run < RUNS; run++) {
        const admitted = await admittedOf(algorithm, `client-${run}`)
        expect(admitted).toHaveLength(PROCESSES)
        expect(admitted.reduce((sum, one) => sum + one, 0)).toBe(LIMIT)
        admitted.forEach((one, index) => {
          if (one > 0) busy.add(index)
        })
      }
      // One that went first every time would have had nobody to race with.
      expect(busy.size).toBeGreaterThan(1)
    },
    A_MINUTE_MS,
  )

  it.each(ALGORITHMS)(
    'admits exactly 100 of 1000 parallel requests to one port: %s',
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
      const processes = new Set(answers.filter(({ status }) => status === 200).map((one) => one.process))
      expect(processes.size).toBeGreaterThan(1)
    },
    A_MINUTE_MS,
  )
})
