import type { RedisClient } from '../../../src/stores/redis/index.ts'
import type { RedisPackage } from './contestant.ts'

/** A connection as the contestants are given it, each its own. */
export interface RedisConnection {
  readonly client: RedisClient & { incr(key: string): Promise<number> }
  /** One command, given as its words, as it is passed to stores that do not know the client. */
  send(words: readonly [string, ...string[]]): Promise<unknown>
  close(): void
}

/** Connects through a package, with the options that it has by default. */
export async function connectTo(url: string, through: RedisPackage): Promise<RedisConnection> {
  if (through === 'ioredis') {
    const { Redis } = await import('ioredis')
    const client = new Redis(url)
    await client.ping()
    return {
      client,
      send: ([command, ...words]) => client.call(command, ...words),
      close: () => client.disconnect(),
    }
  }
  const { createClient } = await import('redis')
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  return { client, send: (words) => client.sendCommand([...words]), close: () => client.destroy() }
}
