import { rejectOption } from '../../../errors/option-checks.ts'
import { CommandConnection, type CommandSender } from './command-function.ts'
import { IoredisConnection, type IoredisLike, isIoredis } from './ioredis.ts'
import { isNodeRedis, NodeRedisConnection, type NodeRedisLike } from './node-redis.ts'
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
    if (isNodeRedis(client)) return new NodeRedisConnection(client)
    if (typeof (client as Partial<CommandSender>).sendCommand === 'function') {
      return new CommandConnection(client as CommandSender)
    }
  }
  return rejectOption(
    'RedisStore.client',
    client,
    'takes a client of ioredis or node-redis, or { sendCommand(words) }',
    'Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
  )
}

/** What the client given puts before keys by itself, where the store has to do it. */
export function keyPrefixOf(client: RedisClient): string {
  return isIoredis(client) ? IoredisConnection.keyPrefixOf(client) : ''
}
