import { afterAll, beforeAll } from 'vitest'
import { CLIENTS } from '../../support/redis/clients.ts'
import { describeConformance } from '../../support/redis/describe-conformance.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'

/** conformance.test.ts tests these. */
const NEWEST = ['ioredis 6', 'node-redis 6']

describeRedis('the store conformance of RedisStore with older clients and a command function', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  beforeAll(async () => {
    server = await anyRedis()
  })
  afterAll(() => server.stop())

  describeConformance(
    Object.fromEntries(
      Object.entries(CLIENTS)
        .filter(([name]) => !NEWEST.includes(name))
        .map(([name, connect]) => [name, () => connect(server.url)]),
    ),
  )
})
