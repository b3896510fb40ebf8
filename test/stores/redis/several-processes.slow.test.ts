import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Burst, BurstResult } from '../../support/redis/charging-process.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { type RedisServer, startRedis } from '../../support/redis/redis-server.ts'

const PROGRAM = fileURLToPath(new URL('../../support/redis/charging-process.ts', import.meta.url))
const PROCESSES = 4
const LIMIT = 100
const BURST: Omit<Burst, 'client'> = {
  charges: 250,
  limit: LIMIT,
  deadlineMs: 100,
  // So long that a busy machine does not look like a failing server.
  connectDeadlineMs: 60_000,
  busyMs: 0,
}
/** So long that Redis has answered all charges also on a busy machine. */
const BUSY_MS = 3000
/** So few that node-redis sends all of them at once. It sends the others when the process is not busy any more. */
const BUSY_CHARGES = 60

describeRedisServer('four processes with a limit of 100 and more charges at once', () => {
  let redis: RedisServer
  let admin: Redis
  let processes: ChildProcess[] = []

  beforeAll(async () => {
    redis = await startRedis()
    admin = new Redis(redis.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })
  afterEach(async () => {
    for (const child of processes) child.disconnect()
    await Promise.all(processes.map((child) => child.exitCode ?? once(child, 'exit')))
    processes = []
  })

  async function start(client: string): Promise<void> {
    processes = Array.from({ length: PROCESSES }, () =>
      fork(PROGRAM, {
        execArgv: ['--import', 'tsx'],
        env: { PATH: process.env.PATH, REDIS_URL: redis.url, CLIENT: client },
      }),
    )
    await Promise.all(processes.map((child) => once(child, 'message')))
  }

  async function burst(options: Partial<Burst> & { readonly client: string }): Promise<BurstResult[]> {
    const results = processes.map((child) => once(child, 'message'))
    for (const child of processes) child.send({ ...BURST, ...options })
    return (await Promise.all(results)).map(([result]) => result as BurstResult)
  }

  function expectExact(results: readonly BurstResult[]): void {
    expect(results.flatMap(({ errors }) => errors)).toEqual([])
    expect(results.map(({ state }) => state)).toEqual(Array(PROCESSES).fill('closed'))
    expect(results.reduce((sum, { allowed }) => sum + allowed, 0)).toBe(LIMIT)
  }

  it.each([
    'ioredis 6',
    'node-redis 6',
    'ioredis 5',
    'node-redis 5',
    'node-redis 4',
    'a sendCommand function',
  ])('allow exactly 100 if these are their first charges (threat 35): %s', async (client) => {
    await admin.script('FLUSH')
    await admin.config('RESETSTAT')
    await start(client)
    expectExact(await burst({ client: `first of ${client}` }))
    // One text for each process at most: the other charges wait for it.
    const stats = await admin.info('commandstats')
    expect(Number(/cmdstat_eval:calls=(\d+)/.exec(stats)?.[1] ?? 0)).toBeLessThanOrEqual(PROCESSES)
  })

  it.each(['ioredis 6', 'node-redis 6'])(
    'allow exactly 100 while each of them is busy for longer than the deadline (threat 34): %s',
    async (client) => {
      await start(client)
      await burst({ client: `warm-up of ${client}`, charges: 1 })
      expectExact(await burst({ client: `busy ${client}`, busyMs: BUSY_MS, charges: BUSY_CHARGES }))
    },
  )
})
