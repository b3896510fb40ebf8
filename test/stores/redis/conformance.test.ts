import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { storeConformance } from '../../../src/tools/testing/conformance/store-conformance.ts'
import { CLIENTS, type ConnectedClient } from '../../support/redis/clients.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { anyRedis, type RedisServer } from '../../support/redis/redis-server.ts'

describeRedis('the store conformance of RedisStore', () => {
  let server: Pick<RedisServer, 'url' | 'stop'>
  beforeAll(async () => {
    server = await anyRedis()
  })
  afterAll(() => server.stop())

  describe.each(Object.entries(CLIENTS))('through %s', (name, connect) => {
    let connection: ConnectedClient
    let stores = 0
    beforeAll(async () => {
      connection = await connect(server.url)
    })
    afterAll(() => connection.close())

    storeConformance({
      describe,
      it,
      create: (clock) => {
        stores++
        const prefix = `test:${process.pid}:${name.replaceAll(' ', '-')}:${stores}`
        // The suite creates a store before the server has started.
        const client = connection?.client ?? { sendCommand: async () => undefined }
        return new RedisStore({ client, prefix, clock, deadlineMs: 30_000 })
      },
    })
  })
})
