import { strict as assert } from 'node:assert'
import { Redis } from 'ioredis'
import { bombard, CONNECTIONS } from './autocannon.ts'
import type { Benchmark, Figures, Run } from './benchmark.ts'
import type { ContestantName, RedisPackage } from './contestants/contestant.ts'
import { createRedisGate } from './contestants/contestants.ts'
import { LOAD_CORE, PINNING_TEXT, pinToCore, SERVER_CORE } from './pinning.ts'
import { serveApp } from './served-app.ts'
import { spreadText } from './table.ts'
import { startWatchedRedis } from './watched-redis.ts'

interface RedisThroughputSettings {
  readonly through: RedisPackage
  readonly seconds: number
}

const SECONDS = 5
const LIMIT = 999_999_999
const WINDOW_MS = 3_600_000
const WITHOUT_LIMITER: ContestantName = 'bare Express'

export const redisThroughput: Benchmark<RedisThroughputSettings> = {
  name: 'redis-throughput',
  summary: `requests a second of an Express app on Redis over loopback, ${CONNECTIONS} connections, from autocannon in another process; ${PINNING_TEXT}, where Redis is too`,
  checked:
    'every answer has status 200; Redis has one key, or none where there is no limiter; no errors, no timeouts',
  columns: [
    { figure: 'perSecond', heading: 'requests a second', text: spreadText },
    { figure: 'latencyMs', heading: 'mean latency, ms', text: spreadText },
  ],
  runs({ scale }) {
    return (['ioredis', 'node-redis'] as const).flatMap((through) =>
      (['express-tollgate', 'rate-limit-redis', 'rate-limiter-flexible', WITHOUT_LIMITER] as const).map(
        (contestant): Run<RedisThroughputSettings> => ({
          workload: redisAppWorkload(through),
          contestant,
          settings: { through, seconds: SECONDS * scale },
        }),
      ),
    )
  },
  measure,
}

/** The name of a workload, for code that looks up its figures. */
export function redisAppWorkload(through: RedisPackage): string {
  return `one client, ${through}`
}

async function measure(
  contestant: ContestantName,
  { through, seconds }: RedisThroughputSettings,
  dist: string,
): Promise<Figures> {
  pinToCore(process.pid, SERVER_CORE)
  const redis = await startWatchedRedis()
  if (redis.process.pid !== undefined) pinToCore(redis.process.pid, LOAD_CORE)
  const watch = new Redis(redis.url)
  const gate = await createRedisGate(contestant, {
    ...{ dist, url: redis.url, through, limit: LIMIT, windowMs: WINDOW_MS },
  })
  const { server, url } = await serveApp(gate.handler)
  try {
    // For the compiler; where the time is too short to be one, it would only cost more of it.
    if (seconds >= 1) await bombard(url, 1, 200)
    const figures = await bombard(url, seconds, 200)
    assert.equal(
      await watch.dbsize(),
      contestant === WITHOUT_LIMITER ? 0 : 1,
      'the client has a key in Redis',
    )
    return { ...figures }
  } finally {
    server.closeAllConnections()
    server.close()
    watch.disconnect()
    await gate.close()
    await redis.stop()
  }
}
