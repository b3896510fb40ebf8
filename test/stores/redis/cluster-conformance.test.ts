import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { storeConformance } from '../../../src/tools/testing/conformance/store-conformance.ts'
import type { ConnectedClient } from '../../support/redis/clients.ts'
import { CLUSTER_CLIENTS } from '../../support/redis/cluster-clients.ts'
import { describeRedisServer } from '../../support/redis/describe-redis.ts'
import { type RedisCluster, startRedisCluster } from '../../support/redis/redis-cluster.ts'

/** One client of each package, and the version that does not send scripts to the server of their key. */
const TESTED = ['ioredis 6', 'node-redis 4', 'node-redis 6']

describeRedisServer('the store conformance of RedisStore on a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  describe.each(Object.entries(CLUSTER_CLIENTS).filter(([name]) => TESTED.includes(name)))(
    'through %s',
    (name, connect) => {
      let connection: ConnectedClient
      let stores = 0
      beforeAll(async () => {
        connection = await connect(cluster.nodes.map(({ url }) => url))
      })
      afterAll(() => connection.close())

      storeConformance({
        describe,
        it,
        create: (clock) => {
          stores++
          // The suite creates a store before the cluster has started.
          const client = connection?.client ?? { sendCommand: async () => undefined }
          const prefix = `${name.replaceAll(' ', '-')}:${stores}`
          return new RedisStore({ client, prefix, clock, deadlineMs: 30_000 })
        },
      })
    },
  )
})
