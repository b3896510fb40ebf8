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
  readonly clients: number
  readonly decisions: number
}

const IN_FLIGHT = 64
const CLIENTS = 10_000
const DECISIONS: Readonly<Record<Outcome, number>> = { admitted: 200_000, refused: 10_000 }
/** Admitted: more than anybody asks for. */
const LIMIT: Readonly<Record<Outcome, number>> = { admitted: 999_999_999, refused: 1 }
const WINDOW_MS = 3_600_000

/** The first is compared through both packages; a refusal without a call to Redis is the same through both. */
const WORKLOADS: readonly (readonly [Outcome, RedisPackage])[] = [
  ['admitted', 'ioredis'],
  ['admitted', 'node-redis'],
  ['refused', 'ioredis'],
]

/** An option of rate-limiter-flexible that refuses without a call to Redis. */
const CONTESTANTS: Readonly<Record<Outcome, readonly ContestantName[]>> = {
  admitted: REDIS_COUNTERS,
  refused: [...REDIS_COUNTERS.slice(0, 3), 'rate-limiter-flexible, in-memory block', 'bare INCR'],
}

/** The name of a workload, for code that looks up its figures. */
export function redisWorkload(outcome: Outcome, through: RedisPackage): string {
  const who = outcome === 'admitted' ? `${countText(CLIENTS)} clients` : 'one refused client'
  return `${who}, ${through}`
}

export const redis: Benchmark<RedisSettings> = {
  name: 'redis',
  summary: `decisions a second of the store alone, ${IN_FLIGHT} at once, on a Redis server on loopback`,
  checked:
    'every decision admitted, of every client the units used in Redis, and no keys but theirs; or all refused, and counted where refusals are counted',
  columns: [
    { figure: 'perSecond', heading: 'decisions a second', text: spreadText },
    { figure: 'commands', heading: 'commands each', text: ({ median }) => figureText(median) },
    { figure: 'serverUs', heading: "us of Redis' processor each", text: spreadText },
    { figure: 'togetherMs', heading: 'ms together', text: spreadText },
  ],
  runs({ scale }) {
    return WORKLOADS.flatMap(([outcome, through]) =>
      CONTESTANTS[outcome].map(
        (contestant): Run<RedisSettings> => ({
          workload: redisWorkload(outcome, through),
          contestant,
          settings: {
            ...{ through, outcome },
            clients: scaled(CLIENTS, scale, 100),
            decisions: scaled(DECISIONS[outcome], scale, 1000),
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
  { clients, decisions }: RedisSettings,
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
    await askInFlight(counter, source, warmUp, IN_FLIGHT),
    warmUp,
    'every decision of the warm-up is admitted',
  )
  const { admitted, figures } = await timeDecisions(counter, watch, source, decisions)
  assert.equal(admitted, decisions, 'every decision is admitted')
  assert.equal(await watch.dbsize(), clients, 'no key came or went while the clock ran')
  assert.equal(
    await usedTogether(counter, clients),
    clients + warmUp + decisions,
    'what was asked for is what the clients have used in Redis',
  )
  return figures
}

async function measureRefused(
  counter: RedisCounter,
  watch: Redis,
  { decisions }: RedisSettings,
): Promise<Figures> {
  const keys = new AddressKeys()
  const [refused, other] = [0, 1].map((index) => ({ next: () => keys.fresh(index) })) as [Source, Source]
  // For the compiler, with a client that is not looked at.
  await askInFlight(counter, other, Math.ceil(decisions / 4), IN_FLIGHT)
  assert.equal(await askInFlight(counter, refused, 1, 1), 1, 'the client is admitted once')
  assert.equal(await askInFlight(counter, refused, 1, 1), 0, 'the client is over its limit')
  const { admitted, figures } = await timeDecisions(counter, watch, refused, decisions)
  assert.equal(admitted, 0, 'every decision is a refusal')
  if (counter.countsRefusals) {
    assert.equal(await counter.usedOf(refused.next()), decisions + 2, 'every refusal is counted in Redis')
  }
  return figures
}

type Source = Pick<KeySource, 'next'>

async function timeDecisions(
  counter: RedisCounter,
  watch: Redis,
  source: Source,
  decisions: number,
): Promise<{ readonly admitted: number; readonly figures: Figures }> {
  collectGarbage()
  const before = await workOf(watch)
  const { ns, returned } = await timed(decisions, () => askInFlight(counter, source, decisions, IN_FLIGHT))
  const { commands, processorUs } = workBetween(before, await workOf(watch))
  const figures = {
    perSecond: 1e9 / ns,
    commands: commands / decisions,
    serverUs: processorUs / decisions,
    togetherMs: (ns * decisions) / 1e6,
  }
  return { admitted: returned, figures }
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
