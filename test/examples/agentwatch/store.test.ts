import { Redis } from 'ioredis'
import request from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createStore } from '../../../examples/agentwatch/store.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'
import { until } from '../../support/redis/until.ts'
import { beginUpload } from './begin-upload.ts'
import { type RunningAgentwatch, startAgentwatch } from './running-agentwatch.ts'

const badUrlMessage = (shown: string): string =>
  `REDIS_URL must be a URL such as redis://127.0.0.1:6379, got '${shown}'. To count in memory, unset it.`

describe('createStore', () => {
  it('lets each limiter count in memory without REDIS_URL', async () => {
    const { store, description, close } = createStore({})
    expect(store).toBeUndefined()
    expect(description).toBe('in the memory of this process')
    await close()
  })

  it.each([
    ['redis://127.0.0.1:6379', '127.0.0.1:6379'],
    ['redis://localhost', 'localhost'],
    ['redis://[::1]:6380/2', '[::1]:6380'],
    ['rediss://user:secret@redis.example:6379/0', 'redis.example:6379'],
  ])('describes the Redis of %s without its password', async (url, host) => {
    const { store, description, close } = createStore({ REDIS_URL: url })
    expect(store?.capabilities?.shared).toBe(true)
    expect(description).toBe(`in Redis at ${host}`)
    await close()
  })

  it.each([
    ['', ''],
    ['yes', 'yes'],
    ['127.0.0.1:6379', '127.0.0.1:6379'],
    ['http://127.0.0.1:6379', 'http://127.0.0.1:6379'],
    ['redis://', 'redis://'],
    ['redis:localhost', 'redis:localhost'],
    ['redis://localhost:99999', 'redis://localhost:99999'],
    ['http://user:secret@localhost', '...@localhost'],
    ['redis://user:sec/ret@localhost', '...@localhost'],
    ['redis://user:sec@ret@localhost:99999', '...@localhost:99999'],
    ['user:secret@localhost:6379', '...@localhost:6379'],
    ['redis://user:sec\nret@', '...@'],
    [`x${'y'.repeat(100)}`, `x${'y'.repeat(76)}...`],
  ])('rejects %j, and shows no password', (url, shown) => {
    expect(() => createStore({ REDIS_URL: url })).toThrow(new Error(badUrlMessage(shown)))
  })
})

describeRedis('two agentwatch servers with one Redis', () => {
  let redis: Pick<RedisServer, 'url' | 'stop'>
  let admin: Redis
  const keys = (): Promise<string[]> => admin.keys('agentwatch:*')

  beforeAll(async () => {
    redis = await anyRedis()
    admin = new Redis(redis.url)
  })
  afterEach(async () => {
    for (const key of await keys()) await admin.del(key)
  })
  afterAll(async () => {
    admin.disconnect()
    await redis.stop()
  })

  const start = () =>
    startAgentwatch({
      env: { REDIS_URL: redis.url, API_RATE_LIMIT_READ: '6', API_RATE_LIMIT_WRITE: '100' },
      // A busy machine must not make Redis too late.
      redisDeadlineMs: 60_000,
    })

  it('count a client together in every limiter, under keys with their own prefix', async () => {
    const [one, other] = [await start(), await start()]
    expect(one.storeDescription).toBe(`in Redis at ${new URL(redis.url).host}`)
    const read = async (url: string): Promise<unknown> => {
      const { status, headers } = await request(url).get('/health')
      return status === 200 ? headers['x-ratelimit-remaining'] : status
    }
    // Until both are connected, a server may count in memory.
    await until('both servers are connected', async () => {
      await admin.del('agentwatch:v2:default:read:127.0.0.1')
      return (await read(one.url)) === '5' && (await read(other.url)) === '4'
    })
    const seen: unknown[] = []
    for (let turn = 0; turn < 3; turn++) seen.push(await read(one.url), await read(other.url))
    expect(seen).toEqual(['3', '2', '1', '0', 429, 429])

    const seed = (url: string) => request(url).post('/api/v1/demo/seed')
    for (const { url } of [one, other, one, other, one]) await seed(url).expect(201)
    for (const { url } of [other, one]) await seed(url).expect(429, '{"error":"rate_limit_exceeded"}')
    expect((await keys()).sort()).toEqual([
      'agentwatch:v2:default:read:127.0.0.1',
      'agentwatch:v2:default:write:127.0.0.1',
      'agentwatch:v2:demo-seed:write:127.0.0.1',
    ])
  })

  it('charge a tenant for its tokens and its requests in flight together', async () => {
    const [one, other] = [await start(), await start()]
    // The servers do not share tenants. A key of the same tenant is needed in both.
    const tenant = one.watch.tenants.create({ name: 'Acme', plan: 'free', budgetUsd: null }, 0)
    const { secret } = one.watch.tenants.issueKey(tenant.id, '', 0)
    vi.spyOn(other.watch.tenants, 'ownerOf').mockReturnValue(tenant)
    vi.spyOn(other.watch.tenants, 'get').mockReturnValue(tenant)
    const used = async ({ url }: RunningAgentwatch): Promise<number> =>
      (await request(url).get(`/api/v1/tenants/${tenant.id}/usage`).expect(200)).body.tokenBudget.used
    const report = async ({ url }: RunningAgentwatch, inputTokens: number): Promise<request.Response> => {
      const agent = request.agent(`${url}/api/v1`).set('X-API-Key', secret)
      const { body } = await agent.post('/sessions').send({ agent: 'bot' }).expect(201)
      return agent.post('/events').send({ sessionId: body.id, type: 'llm_call', name: 'x', inputTokens })
    }
    await until('both servers are connected', async () => {
      for (const key of await keys()) await admin.del(key)
      await report(one, 30)
      return (await used(other)) === 30
    })
    expect((await report(other, 70)).status).toBe(201)
    expect(await used(one)).toBe(100)
    await beginUpload({ url: one.url, key: secret })
    await beginUpload({ url: other.url, key: secret })
    // The servers wait for the bodies, and for the answers of Redis.
    await until('both places are taken', async () => (await report(one, 0)).status === 429)
    expect((await report(one, 0)).body).toEqual({ error: 'concurrency_limit_exceeded' })
    expect((await keys()).filter((key) => /tokens/.test(key))).toEqual([
      `agentwatch:v2:tokens:write:${tenant.id}`,
    ])
  })

  it('continue when one of them is closed', async () => {
    const [one, other] = [await start(), await start()]
    await request(one.url).get('/health').expect(200)
    await one.close()
    await request(other.url).get('/health').expect(200)
  })
})
