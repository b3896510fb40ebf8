import { MemcachedStore } from 'rate-limit-memcached'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { fromExpressRateLimitStore } from '../../../src/stores/express-rate-limit/index.ts'
import {
  describeMemcached,
  type MemcachedServer,
  startMemcached,
} from '../../support/memcached/memcached-server.ts'
import { rejectionOf } from '../../support/thrown-by.ts'
import { serverCases } from './server-cases.ts'

describeMemcached('the store of rate-limit-memcached, with a server', () => {
  let server: MemcachedServer
  const clients: { end(): void }[] = []
  let test = 0
  beforeAll(async () => {
    server = await startMemcached()
  })
  beforeEach(() => void test++)
  afterAll(async () => {
    for (const client of clients) client.end()
    await server.stop()
  })

  const create = (): MemcachedStore => {
    const store = new MemcachedStore({ locations: [server.location], prefix: `test:${test}:` })
    clients.push(store.client as unknown as { end(): void })
    return store
  }

  serverCases(() => fromExpressRateLimitStore(create()), false)

  it('has no get(), and so the limiter has no peek()', async () => {
    const limiter = createRateLimiter({ limit: 2, store: fromExpressRateLimitStore(create()) })
    const error = await rejectionOf(limiter.peek('192.0.2.7'))
    expect(error).toMatchObject({ code: 'unsupported_by_store' })
    await limiter.close()
  })
})
