import { Redis as Ioredis6 } from 'ioredis'
import { Redis as Ioredis5 } from 'ioredis-5'
import { createSentinel as createSentinel6 } from 'redis'
import { createSentinel as createSentinel5 } from 'redis-5'
import type { ConnectedClient } from './clients.ts'
import { PRIMARY_NAME } from './redis-failover.ts'

interface IoredisOptions {
  readonly sentinels: { host: string; port: number }[]
  readonly name: string
}

type ConnectThroughSentinel = (port: number) => Promise<ConnectedClient>

const ioredis =
  (Redis: new (options: IoredisOptions) => Ioredis5 | Ioredis6): ConnectThroughSentinel =>
  async (port) => {
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: PRIMARY_NAME })
    client.on('error', () => undefined)
    return { client, close: async () => client.disconnect() }
  }

const optionsOf = (port: number) => ({
  name: PRIMARY_NAME,
  sentinelRootNodes: [{ host: '127.0.0.1', port }],
})

/** Every client that finds the primary through a sentinel. Version 4 of node-redis has none. */
export const SENTINEL_CLIENTS: Readonly<Record<string, ConnectThroughSentinel>> = {
  'ioredis 5': ioredis(Ioredis5),
  'ioredis 6': ioredis(Ioredis6),
  'node-redis 5': async (port) => {
    const client = createSentinel5(optionsOf(port))
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: async () => client.destroy() }
  },
  'node-redis 6': async (port) => {
    const client = createSentinel6(optionsOf(port))
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: async () => client.destroy() }
  },
}
