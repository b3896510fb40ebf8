// The address of the server to which a client connects.

import { sharedState } from '../../../errors/shared-state.ts'
import { isIoredis } from './ioredis.ts'
import { isNodeRedis } from './node-redis.ts'
import { isNodeRedisCluster } from './node-redis-cluster.ts'

/** Where a client connects to. */
interface Address {
  readonly host?: string
  readonly port?: number
  readonly path?: string
}

/** The options of a client of ioredis. */
interface IoredisOptions extends Address {
  readonly db?: number
  readonly sentinels?: unknown
}

/** The options of a client of node-redis, in which a URL is read already. */
interface NodeRedisOptions {
  readonly socket?: Address
  readonly database?: number
}

const clients = sharedState(Symbol.for('express-tollgate.redis-clients'), () => ({
  count: 0,
  numbers: new WeakMap<object, number>(),
}))

/**
 * The server and the database of a client, as far as it shows them. Clients of one server may have different texts, such
 * as `localhost` and `127.0.0.1`. Clients of different servers never have the same text: a client that shows no single
 * server, such as one of a cluster, has a text of its own.
 */
export function serverAddressOf(client: object): string {
  const { options, use } = client as { readonly options?: IoredisOptions & NodeRedisOptions; use?: unknown }
  if (options !== undefined && isIoredis(client) && !isCluster(client) && !Array.isArray(options.sentinels)) {
    return addressText(options, options.db)
  }
  // Only a client with sentinels has the method `use`.
  if (options !== undefined && isNodeRedis(client) && !isCluster(client) && use === undefined) {
    return addressText(options.socket ?? {}, options.database)
  }
  return `client ${numberOf(client)}`
}

function isCluster(client: object): boolean {
  return (client as { isCluster?: unknown }).isCluster === true || isNodeRedisCluster(client)
}

function addressText({ host = 'localhost', port = 6379, path }: Address, database = 0): string {
  return `${path ?? `${host}:${port}`} ${database}`
}

function numberOf(client: object): number {
  const known = clients.numbers.get(client)
  if (known !== undefined) return known
  clients.count++
  clients.numbers.set(client, clients.count)
  return clients.count
}
