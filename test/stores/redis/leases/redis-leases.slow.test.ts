import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeRedisServer } from '../../../support/redis/describe-redis.ts'
import type { LeaseOrder } from '../../../support/redis/leasing-process.ts'
import { type RedisServer, startRedis } from '../../../support/redis/redis-server.ts'
import { until } from '../../../support/redis/until.ts'

const PROGRAM = fileURLToPath(new URL('../../../support/redis/leasing-process.ts', import.meta.url))

describeRedisServer('leases of several processes', () => {
  let redis: RedisServer
  let admin: Redis
  let children: ChildProcess[] = []

  beforeAll(async () => {
    redis = await startRedis()
    admin = new Redis(redis.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
    children = []
  })

  async function start(count: number, leaseMs: number): Promise<void> {
    children = Array.from({ length: count }, () =>
      fork(PROGRAM, {
        execArgv: ['--import', 'tsx'],
        env: { PATH: process.env.PATH, REDIS_URL: redis.url, LEASE_MS: String(leaseMs) },
      }),
    )
    await Promise.all(children.map((child) => once(child, 'message')))
  }

  async function order(child: ChildProcess | undefined, lease: LeaseOrder): Promise<number> {
    if (child === undefined) throw new Error('no such process')
    const answered = once(child, 'message')
    child.send(lease)
    return Number((await answered)[0])
  }

  it('of four processes are never more than the limit, and kill -9 of one frees its places', async () => {
    await start(4, 2000)
    const taken = await Promise.all(children.map((child) => order(child, { take: 25, limit: 10 })))
    expect(taken.reduce((sum, one) => sum + one, 0)).toBe(10)
    const victim = taken.indexOf(Math.max(...taken))
    const lost = taken[victim] ?? 0
    children[victim]?.kill('SIGKILL')
    const survivor = children[victim === 0 ? 1 : 0]
    let gained = 0
    let live = 0
    await until('the places of the dead process are free', async () => {
      gained += await order(survivor, { take: 10, limit: 10 })
      live = Math.max(live, await admin.zcard('tollgate:leases:v2:client'))
      return gained >= lost
    })
    expect(gained).toBe(lost)
    expect(live).toBe(10)
  })
})
