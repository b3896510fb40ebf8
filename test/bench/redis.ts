import { strict as assert } from 'node:assert'
import type { Redis } from 'ioredis'
import { AddressKeys } from './address-keys.ts'
import { type Benchmark, countText, type Figures, type Run, scaled } from './benchmark.ts'
import type { ContestantName, RedisCounter, RedisPackage } from './contestants/contestant.ts'
import { createRedisCounter, REDIS_COUNTERS } from './contestants/contestants.ts'
import { timed } from './decision-loop.ts'
import { collectGarbage } from './garbage.ts'
import { askInFlight } from './in-flight.ts'
import { FreshKeys, type KeySource } from './key-source.ts'
import { type ServerWork, workBetween, workIn } from './redis-info.ts'
import { figureText, spreadText } from './table.ts'
import { startWatchedRedis } from './watched-redis.ts'

type Outcome = 'admitted' | 'refused'

interface RedisSettings {
  readonly through: RedisPackage
  readonly outcome: Outcome
  /** How many decisions are asked at once. */
  readonly inFlight: number
  readonly clients: number
  readonly decisions: number
}

/** As many as an app has that is busy; and to warm up and to count. */
const IN_FLIGHT = 64
/** As many as an app has that is overloaded. */
const MANY_IN_FLIGHT = 256
const CLIENTS = 10_000
const DECISIONS: Readonly<Record<Outcome, number>> = { admitted: 200_000, refused: 10_000 }
/** Admitted: more than anybody asks for. */
const LIMIT: Readonly<Record<Outcome, number>> = { admitted: 999_999_999, refused: 1 }
const WINDOW_MS = 3_600_000

/** A refusal without a call to Redis is the same through both packages. */
const WORKLOADS: readonly (readonly [Outcome, RedisPackage, number])[] = [
  ...[IN_FLIGHT, MANY_IN_FLIGHT, 1].flatMap((inFlight) =>
    (['ioredis', 'node-redis'] as const).map((through) => ['admitted', through, inFlight] as const),
  ),
  ['refused', 'ioredis', IN_FLIGHT],
]

/** An option of rate-limiter-flexible refuses without a call to Redis. */
function contestantsOf(outcome: Outcome, inFlight: number): readonly ContestantName[] {
  if (outcome === 'refused') {
    return [...REDIS_COUNTERS.slice(0, 3), 'rate-limiter-flexible, in-memory block', 'bare INCR']
  }
  if (inFlight === IN_FLIGHT) return [...REDIS_COUNTERS, 'express-tollgate, one call each']
  return ['express-tollgate', inFlight === 1 ? 'bare EVALSHA' : 'bare INCR']
}

/** The name of a workload, for code that looks up its figures. */
export function redisWorkload(outcome: Outcome, through: RedisPackage, inFlight: number = IN_FLIGHT): string {
  const who = outcome === 'admitted' ? `${countText(CLIENTS)} clients` : 'one refused client'
  return inFlight === IN_FLIGHT ? `${who}, ${through}` : `${who}, ${through}, ${inFlight} at once`
}

export const redis: Benchmark<RedisSettings> = {
  name: 'redis',
  summary: `decisions a second of the store alone, ${IN_FLIGHT} at once if nothing else is said, on a Redis server on loopback`,
  checked:
    'every decision admitted, of every client the units used in Redis, and no keys but theirs; or all refused, and counted where refusals are counted',
  columns: [
    { figure: 'perSecond', heading: 'decisions a second', text: spreadText },
    { figure: 'commands', heading: 'commands each', text: ({ median }) => figureText(median) },
    { figure: 'serverUs', heading: "us of Redis' processor each", text: spreadText },
    { figure: 'p99Us', heading: 'us of 99 % at most', text: spreadText },
    { figure: 'togetherMs', heading: 'ms together', text: spreadText },
  ],
  runs({ scale }) {
    return WORKLOADS.flatMap(([outcome, through, inFlight]) =>
      contestantsOf(outcome, inFlight).map(
        (contestant): Run<RedisSettings> => ({
          workload: redisWorkload(outcome, through, inFlight),
          contestant,
          settings: {
            ...{ through, outcome, inFlight },
            clients: scaled(CLIENTS, scale, 100),
            decisions: scaled(inFlight === 1 ? DECISIONS[outcome] / 10 : DECISIONS[outcome], scale, 1000),
          },
        }),
      ),
    )
  },
  measure,
}

async function measure(contestant: ContestantName, settings: RedisSettings, dist: string): Promise<Figures> {
  const { Redis } = await import('ioredis')
  const { through, outcome } = settings
  const server = await startWatchedRedis()
  const { url } = server
  // A connection of our own to look at the server with, which is never in the contestant's way.
  const watch = new Redis(url)
  let counter: RedisCounter | undefined
  try {
    const limits = { limit: LIMIT[outcome], windowMs: WINDOW_MS }
    counter = await createRedisCounter(contestant, { dist, url, through, ...limits })
    return await MEASURES[outcome](counter, watch, settings)
  } finally {
    watch.disconnect()
    await counter?.close()
    await server.stop()
  }
}

const MEASURES = { admitted: measureAdmitted, refused: measureRefused } as const

async function measureAdmitted(
  counter: RedisCounter,
  watch: Redis,
  { clients, decisions, inFlight }: RedisSettings,
): Promise<Figures> {
  const source = new FreshKeys(clients)
  const warmUp = Math.ceil(decisions / 4)
  assert.equal(
    await askInFlight(counter, source, clients, IN_FLIGHT),
    clients,
    'every client is admitted the first time',
  )
  assert.equal(await watch.dbsize(), clients, 'each client has a key in Redis')
  assert.equal(
    await askInFlight(counter, source, warmUp, inFlight),
    warmUp,
    'every decision of the warm-up is admitted',
  )
  const { admitted, asked, figures } = await timeDecisions(counter, watch, source, { decisions, inFlight })
  assert.equal(admitted, asked, 'every decision is admitted')
  assert.equal(await watch.dbsize(), clients, 'no key came or went while the clock ran')
  assert.equal(
    await usedTogether(counter, clients),
    clients + warmUp + asked,
    'what was asked for is what the clients have used in Redis',
  )
  return figures
}

async function measureRefused(
  counter: RedisCounter,
  watch: Redis,
  { decisions, inFlight }: RedisSettings,
): Promise<Figures> {
  const keys = new AddressKeys()
  const [refused, other] = [0, 1].map((index) => ({ next: () => keys.fresh(index) })) as [Source, Source]
  // For the compiler, with a client that is not looked at.
  await askInFlight(counter, other, Math.ceil(decisions / 4), IN_FLIGHT)
  assert.equal(await askInFlight(counter, refused, 1, 1), 1, 'the client is admitted once')
  assert.equal(await askInFlight(counter, refused, 1, 1), 0, 'the client is over its limit')
  const { admitted, asked, figures } = await timeDecisions(counter, watch, refused, { decisions, inFlight })
  assert.equal(admitted, 0, 'every decision is a refusal')
  if (counter.countsRefusals) {
    assert.equal(await counter.usedOf(refused.next()), asked + 2, 'every refusal is counted in Redis')
  }
  return figures
}

type Source = Pick<KeySource, 'next'>

async function timeDecisions(
  counter: RedisCounter,
  watch: Redis,
  source: Source,
  { decisions, inFlight }: Pick<RedisSettings, 'decisions' | 'inFlight'>,
): Promise<{ readonly admitted: number; readonly asked: number; readonly figures: Figures }> {
  collectGarbage()
  const before = await workOf(watch)
  const { ns, returned } = await timed(decisions, () => askInFlight(counter, source, decisions, inFlight))
  const { commands, processorUs } = workBetween(before, await workOf(watch))
  // By themselves, because to look at the clock takes time.
  const latencies: number[] = []
  const more = Math.ceil(decisions / 4)
  const admittedMore = await askInFlight(counter, source, more, inFlight, latencies)
  latencies.sort((one, other) => one - other)
  const figures = {
    perSecond: 1e9 / ns,
    commands: commands / decisions,
    serverUs: processorUs / decisions,
    p99Us: 1000 * (latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN),
    togetherMs: (ns * decisions) / 1e6,
  }
  return { admitted: returned + admittedMore, asked: decisions + more, figures }
}

async function workOf(watch: Redis): Promise<ServerWork> {
  return workIn(await watch.info('commandstats', 'cpu'))
}

async function usedTogether(counter: RedisCounter, clients: number): Promise<number> {
  const keys = new AddressKeys()
  let used = 0
  for (let start = 0; start < clients; start += IN_FLIGHT) {
    const indexes = Array.from({ length: Math.min(IN_FLIGHT, clients - start) }, (_, index) => start + index)
    const counts = await Promise.all(indexes.map((index) => counter.usedOf(keys.fresh(index))))
    used += counts.reduce((sum, count) => sum + count, 0)
  }
  return used
}
