import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RateLimiter } from '../../../src/index.ts'
import type { AlgorithmName } from '../../../src/limits/limit.ts'
import type { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { ALGORITHMS } from '../../support/charges.ts'
import { areTestsFull } from '../../support/full-tests.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'
import {
  createPatientStore,
  createSettlingLimiters,
  LIMIT,
  MAX_DEBT,
  type SettlingOrder,
  type SettlingResult,
} from '../../support/redis/settling-process.ts'

const PROGRAM = fileURLToPath(new URL('../../support/redis/settling-process.ts', import.meta.url))
const CLIENTS_OF_PROCESSES = ['ioredis 6', 'node-redis 6', 'ioredis 5', 'node-redis 5']
const CHARGES_OF_EACH = 40
const RUNS = areTestsFull ? 50 : 5

describeRedis('four processes that settle charges of one client in one Redis', () => {
  let redis: Pick<RedisServer, 'url' | 'stop'>
  let store: RedisStore
  let limiters: ReadonlyMap<AlgorithmName, RateLimiter>
  let processes: readonly ChildProcess[]

  beforeAll(async () => {
    redis = await anyRedis()
    store = await createPatientStore(redis.url, 'a sendCommand function')
    limiters = createSettlingLimiters(store)
    processes = CLIENTS_OF_PROCESSES.map((client) =>
      fork(PROGRAM, {
        execArgv: ['--import', 'tsx'],
        env: { PATH: process.env.PATH, REDIS_URL: redis.url, CLIENT: client },
      }),
    )
    await Promise.all(processes.map((child) => once(child, 'message')))
  })
  afterAll(async () => {
    for (const child of processes) child.disconnect()
    await Promise.all(processes.map((child) => child.exitCode ?? once(child, 'exit')))
    await redis.stop()
  })

  /** Has all processes follow an order at once. Resolves to the units that each has recorded. */
  async function follow(order: Omit<SettlingOrder, 'charges'>): Promise<readonly (readonly number[])[]> {
    const results = processes.map((child) => once(child, 'message'))
    for (const [index, child] of processes.entries()) {
      child.send({ ...order, charges: CHARGES_OF_EACH, seed: order.seed * processes.length + index })
    }
    const answers = (await Promise.all(results)).map(([result]) => result as SettlingResult)
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    return answers.map(({ recorded }) => recorded)
  }

  it.each(ALGORITHMS)(
    `keep at most the limit and the debt in each of ${RUNS} runs, and exactly what they were told: %s`,
    async (algorithm) => {
      const kept: number[] = []
      const processesWithCharges = new Set<number>()
      for (let run = 0; run < RUNS; run++) {
        const client = `${process.pid}-${run}`
        // Charges and settlements at once, settlements of earlier charges, new charges beside what is left.
        for (const [step, kind] of (['charge', 'settle', 'charge', 'settle', 'refund'] as const).entries()) {
          const recorded = await follow({ kind, algorithm, client, seed: run * 10 + step })
          const sum = recorded.flat().reduce((total, units) => total + units, 0)
          kept.push(sum)
          expect(sum).toBeLessThanOrEqual(LIMIT + MAX_DEBT)
          const decision = await limiters.get(algorithm)?.peek(client)
          expect(decision?.limits[0]?.remaining).toBe(Math.max(0, LIMIT - sum))
          if (kind === 'refund') expect(sum).toBe(0)
          recorded.forEach((units, index) => {
            if (units.length > 0) processesWithCharges.add(index)
          })
        }
      }
      // If no run reached the debt, or one process were always first, the test would show little.
      expect(Math.max(...kept)).toBe(LIMIT + MAX_DEBT)
      expect(processesWithCharges.size).toBeGreaterThan(1)
    },
  )
})
