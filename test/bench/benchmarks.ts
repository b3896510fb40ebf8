import { NO_REDIS } from '../support/redis/redis-server.ts'
import { adversarial } from './adversarial.ts'
import type { Benchmark } from './benchmark.ts'
import { decisions } from './decisions.ts'
import { flood } from './flood.ts'
import { memory } from './memory.ts'
import { outage } from './outage.ts'
import { pauses } from './pauses.ts'
import { redis } from './redis.ts'
import { redisThroughput } from './redis-throughput.ts'
import { requests } from './requests.ts'
import { throughput } from './throughput.ts'

/** Those that start a Redis server. */
export const REDIS_BENCHMARKS: readonly Benchmark[] = [redis, redisThroughput, outage]

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  ...[decisions, memory, pauses, requests, throughput, flood, adversarial],
  ...REDIS_BENCHMARKS.map((one) => (NO_REDIS === undefined ? one : leftOut(one, NO_REDIS))),
]

/** A benchmark that cannot run here: where its table would be, it says why. */
export function leftOut({ name }: Benchmark, reason: string): Benchmark {
  return {
    ...{ name, summary: reason, checked: 'nothing', columns: [] },
    runs: () => [],
    measure: () => Promise.reject(new Error(reason)),
  }
}

/** @throws Error when no benchmark has that name */
export function benchmarkNamed(name: string): Benchmark {
  const benchmark = BENCHMARKS.find((one) => one.name === name)
  if (benchmark === undefined) throw new Error(`There is no benchmark called ${name}.`)
  return benchmark
}
