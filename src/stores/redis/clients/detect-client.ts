import { RateLimiterError, showValue } from '../../../errors/rate-limiter-error.ts'
import { CommandConnection, type CommandSender } from './command-sender.ts'
import { IoredisConnection, type IoredisLike, isIoredis } from './ioredis.ts'
import { isNodeRedis, NodeRedisConnection, type NodeRedisLike } from './node-redis.ts'
import { isNodeRedisCluster, NodeRedisClusterConnection } from './node-redis-cluster.ts'
import type { RedisConnection } from './redis-connection.ts'

/**
 * A client that a store can run on: of ioredis 5 or 6 (`Redis`, `Cluster`), of node-redis 4 to 6 (`createClient`,
 * `createCluster`, `createSentinel`), or any object that sends a command to where its key is.
 */
export type RedisClient = IoredisLike | NodeRedisLike | CommandSender

/** A connection through a client, told by what it can do: none of the packages is imported. */
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

/** What somebody took for a client, by its name alone: what is in it may be a password. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return showValue(value.replace(/\/\/.*@/, '//...@'))
  if (typeof value !== 'object' || value === null) return showValue(value)
  const name = value.constructor?.name ?? 'Object'
  return name === 'Object'
    ? `an object with ${Object.keys(value).join(', ') || 'nothing in it'}`
    : `a ${name}`
}

/** What the client given puts before keys by itself, where the store has to do it. */
export function keyPrefixOf(client: RedisClient): string {
  return isIoredis(client) ? IoredisConnection.keyPrefixOf(client) : ''
}
