import { Redis } from 'ioredis'
import request from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/index.ts'
import { type EmittedWarning, emittedBy } from '../../support/emitted-warnings.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { type RedisServer, startRedis } from '../../support/redis/redis-server.ts'

/** The options that distinguish one of two limiters. */
interface Setting {
  readonly server: number
  readonly prefix: string
  readonly name: string
}

describeRedisServer('two limiters on two stores', () => {
  let servers: RedisServer[] = []
  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()])
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
  })

  /** The warnings of three requests that meet both limiters, and the units that are left after them. */
  async function metByBoth(
    express: (typeof EXPRESS_VERSIONS)[number][1],
    settings: readonly Setting[],
  ): Promise<{ warnings: EmittedWarning[]; remaining: unknown }> {
    const clients: Redis[] = []
    const stores: RedisStore[] = []
    const app = express()
    for (const { server, prefix, name } of settings) {
      const client = new Redis(servers[server]?.url ?? '', { lazyConnect: true })
      const store = new RedisStore({ client, prefix, deadlineMs: 30_000, connectDeadlineMs: 30_000 })
      await store.ready()
      await store.resetAll()
      clients.push(client)
      stores.push(store)
      app.use(createRateLimiter({ name, read: 100, store }))
    }
    app.get('/', (_req, res) => void res.end())
    let remaining: unknown
    const warnings = await emittedBy(async () => {
      for (let count = 0; count < 3; count++) {
        const { headers } = await request(app).get('/').expect(200)
        remaining = headers['x-ratelimit-remaining']
      }
    })
    await Promise.all(stores.map((store) => store.close()))
    for (const client of clients) client.disconnect()
    return { warnings, remaining }
  }

  const first: Setting = { server: 0, prefix: 'app', name: 'api' }

  it.each(EXPRESS_VERSIONS)(
    'charge one counter twice if all is the same, and warn once (%s)',
    async (_name, express) => {
      expect(await metByBoth(express, [first, first])).toEqual({
        remaining: '94',
        warnings: [
          {
            code: 'TOLLGATE_COUNTER_CHARGED_TWICE',
            message:
              "Two limiters named 'api' charged one counter twice for one request: each has a RedisStore of its own, and both stores have the same server and prefix. Give each limiter a name of its own, or use one limiter in both places.",
          },
        ],
      })
    },
  )

  it.each<[string, Partial<Setting>]>([
    ['names', { name: 'login' }],
    ['prefixes', { prefix: 'other' }],
    ['servers', { server: 1 }],
  ])('charge two counters with different %s, without a warning', async (_what, difference) => {
    for (const [, express] of EXPRESS_VERSIONS) {
      const settings = [first, { ...first, ...difference }]
      expect(await metByBoth(express, settings)).toEqual({ remaining: '97', warnings: [] })
    }
  })
})
