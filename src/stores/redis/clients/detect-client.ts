// Hides how the package of a client is found out.

import { RateLimiterError, showValue } from '../../../errors/rate-limiter-error.ts'
import { CommandConnection, type CommandSender } from './command-sender.ts'
import { IoredisConnection, type IoredisLike, isIoredis } from './ioredis.ts'
import { isNodeRedis, NodeRedisConnection, type NodeRedisLike } from './node-redis.ts'
import { isNodeRedisCluster, NodeRedisClusterConnection } from './node-redis-cluster.ts'
import type { RedisConnection } from './redis-connection.ts'

/**
 * A client for a {@link RedisStore}: from ioredis 5 or 6 (`Redis`, `Cluster`), from node-redis 4 to 6
 * (`createClient`, `createCluster`, `createSentinel`), or any object that sends a command to the server that
 * has its key.
 */
export type RedisClient = IoredisLike | NodeRedisLike | CommandSender

/**
 * A connection through a client. The methods of the client show which package it is from: no package is
 * imported.
 *
 * @throws RateLimiterError `invalid_option` if the client is of another kind
 */
export function connectionOf(client: unknown): RedisConnection {
  if (typeof client === 'object' && client !== null) {
    if (isIoredis(client)) return new IoredisConnection(client)
    if (isNodeRedis(client)) {
      return isNodeRedisCluster(client)
        ? new NodeRedisClusterConnection(client)
        : new NodeRedisConnection(client)
    }
    if (typeof (client as Partial<CommandSender>).sendCommand === 'function') {
      return new CommandConnection(client as CommandSender)
    }
  }
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'RedisStore.client',
    problem: `takes a client of ioredis or node-redis, or { sendCommand(words) }, got ${nameOf(client)}`,
    remedy: 'Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
  })
}

/** The name of a value that is no client. Its content is not shown: it may hold a password. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return showValue(value.replace(/\/\/.*@/, '//...@'))
  if (typeof value !== 'object' || value === null) return showValue(value)
  const name = value.constructor?.name ?? 'Object'
  return name === 'Object'
    ? `an object with ${Object.keys(value).join(', ') || 'no properties'}`
    : `a ${name}`
}

/** The key prefix of the application's client, if the store itself has to put it before its keys. */
export function keyPrefixOf(client: RedisClient): string {
  return isIoredis(client) ? IoredisConnection.keyPrefixOf(client) : ''
}
