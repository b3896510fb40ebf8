import { strict as assert } from 'node:assert'
import { bareEvalSha } from './bare-evalsha.ts'
import { bareIncr } from './bare-incr.ts'
import type {
  Contestant,
  ContestantName,
  Counter,
  CounterSettings,
  Gate,
  GateSettings,
  RedisCounter,
  RedisCounterSettings,
  RedisGate,
} from './contestant.ts'
import { expressRateLimit } from './express-rate-limit.ts'
import { expressTollgate, expressTollgateOneByOne } from './express-tollgate.ts'
import { expressTollgateMetrics } from './express-tollgate-metrics.ts'
import {
  bare429End,
  bare429Fields,
  bare429Json,
  bareExpress,
  bareMap,
  tenLines,
  threeHeaders,
} from './floors.ts'
import { rateLimitRedis } from './rate-limit-redis.ts'
import { rateLimiterFlexible, rateLimiterFlexibleBlocking } from './rate-limiter-flexible.ts'

const CONTESTANTS: readonly Contestant[] = [
  expressTollgate,
  expressTollgateOneByOne,
  expressTollgateMetrics,
  expressRateLimit,
  rateLimiterFlexible,
  rateLimitRedis,
  rateLimiterFlexibleBlocking,
  bareMap,
  bareIncr,
  bareEvalSha,
  bareExpress,
  threeHeaders,
  tenLines,
  bare429Json,
  bare429End,
  bare429Fields,
]

/** The three packages. */
export const PACKAGES: readonly ContestantName[] = [
  'express-tollgate',
  'express-rate-limit',
  'rate-limiter-flexible',
]

/** The packages and the floor of whatever counts without a request. */
export const COUNTERS: readonly ContestantName[] = [...PACKAGES, 'bare Map']

/** Those that count in Redis, and the floor of whatever asks it for each decision. */
export const REDIS_COUNTERS: readonly ContestantName[] = [
  'express-tollgate',
  'rate-limit-redis',
  'rate-limiter-flexible',
  'bare INCR',
]

export function createCounter(name: ContestantName, settings: CounterSettings): Promise<Counter> {
  const made = contestantNamed(name).createCounter?.(settings)
  assert.ok(made !== undefined, `${name} has no counter`)
  return made
}

export function createRedisCounter(
  name: ContestantName,
  settings: RedisCounterSettings,
): Promise<RedisCounter> {
  const made = contestantNamed(name).createRedisCounter?.(settings)
  assert.ok(made !== undefined, `${name} has no counter in Redis`)
  return made
}

export function createGate(name: ContestantName, settings: GateSettings): Promise<Gate> {
  const made = contestantNamed(name).createGate?.(settings)
  assert.ok(made !== undefined, `${name} has no middleware`)
  return made
}

export function createRedisGate(name: ContestantName, settings: RedisCounterSettings): Promise<RedisGate> {
  const made = contestantNamed(name).createRedisGate?.(settings)
  assert.ok(made !== undefined, `${name} has no middleware that counts in Redis`)
  return made
}

function contestantNamed(name: ContestantName): Contestant {
  const contestant = CONTESTANTS.find((one) => one.name === name)
  assert.ok(contestant !== undefined, `nobody is called ${name}`)
  return contestant
}

/**
 * The ceiling that express-tollgate is given to hold so many keys: a quarter above them, so that no benchmark
 * but the flood is about eviction.
 */
export function maxKeysFor(keys: number): number {
  return Math.ceil(keys * 1.25)
}
