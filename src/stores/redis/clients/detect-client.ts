// Finds out which package a client is from.

import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
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
    checkNoStore(client)
    if (isIoredis(client)) return new IoredisConnection(client)
    if (isNodeRedis(client)) {
      return isNodeRedisCluster(client)
        ? new NodeRedisClusterConnection(client)
        : new NodeRedisConnection(client)
    }
    const { sendCommand } = client as Partial<CommandSender>
    if (typeof sendCommand === 'function') {
      checkTakesWords(sendCommand)
      return new CommandConnection(client as CommandSender)
    }
  }
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'RedisStore.client',
    value: client,
    problem: 'takes a client of ioredis or node-redis, or { sendCommand(words) }',
    remedy: 'Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
  })
}

/** A store of rate-limit-redis has a function `sendCommand` too. */
function checkNoStore(client: object): void {
  const { increment, consume } = client as { increment?: unknown; consume?: unknown }
  if (typeof increment !== 'function' && typeof consume !== 'function') return
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'RedisStore.client',
    value: client,
    problem: 'takes a client, and this is a store',
    remedy: 'Give the Redis client that this store uses: new RedisStore({ client }).',
  })
}

/** The parameters `...args` or `command, ...args`, with which rate-limit-redis calls the function. */
const REST_PARAMETERS = /^(?:async\s*)?(?:function\s*\w*\s*)?\(\s*(?:\w+\s*,\s*)?\.\.\.\w+\s*\)/

/** The words of a command are one argument. A function for rate-limit-redis takes one for each word. */
function checkTakesWords(sendCommand: CommandSender['sendCommand']): void {
  // Mock functions of test frameworks take any arguments.
  if ('mock' in sendCommand || !REST_PARAMETERS.test(String(sendCommand))) return
  throw new RateLimiterError({
    code: 'invalid_option',
    option: 'RedisStore.client.sendCommand',
    problem: 'takes the words of a command as one array, got a function with rest parameters',
    remedy:
      'Give the Redis client itself: { client }. Or write sendCommand: (words) => client.sendCommand(words).',
  })
}

/** The key prefix of the application's client, if the store itself has to put it before its keys. */
export function keyPrefixOf(client: RedisClient): string {
  return isIoredis(client) ? IoredisConnection.keyPrefixOf(client) : ''
}
