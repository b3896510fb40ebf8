import { afterAll, beforeAll } from 'vitest'
import { CLUSTER_CLIENTS } from '../../support/redis/cluster-clients.ts'
import { describeConformance } from '../../support/redis/describe-conformance.ts'
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

  describeConformance(
    Object.fromEntries(
      Object.entries(CLUSTER_CLIENTS)
        .filter(([name]) => TESTED.includes(name))
        .map(([name, connect]) => [name, () => connect(cluster.nodes.map(({ url }) => url))]),
    ),
  )
})
