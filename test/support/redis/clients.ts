import { Redis as Ioredis6 } from 'ioredis'
import { Redis as Ioredis5 } from 'ioredis-5'
import { createClient as createClient6 } from 'redis'
import { createClient as createClient4 } from 'redis-4'
import { createClient as createClient5 } from 'redis-5'
import type { RedisClient } from '../../../src/stores/redis/clients/detect-client.ts'

/** A connected client, and how to close it. */
export interface ConnectedClient {
  readonly client: RedisClient
  close(): Promise<void>
}

type Connect = (url: string) => Promise<ConnectedClient>

const ioredis =
  (Redis: new (url: string) => Ioredis5 | Ioredis6): Connect =>
  async (url) => {
    const client = new Redis(url)
    client.on('error', () => undefined)
    return { client, close: async () => client.disconnect() }
  }

async function connected(client: {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  readonly isOpen: boolean
  disconnect(): Promise<unknown>
}): Promise<void> {
  client.on('error', () => undefined)
  await client.connect()
}

/** Every client that the store supports. */
export const CLIENTS: Readonly<Record<string, Connect>> = {
  'ioredis 5': ioredis(Ioredis5),
  'ioredis 6': ioredis(Ioredis6),
  'node-redis 4': async (url) => {
    const client = createClient4({ url })
    await connected(client)
    return { client, close: async () => void (await client.disconnect()) }
  },
  'node-redis 5': async (url) => {
    const client = createClient5({ url })
    await connected(client as never)
    return { client, close: async () => client.destroy() }
  },
  'node-redis 6': async (url) => {
    const client = createClient6({ url })
    await connected(client as never)
    return { client, close: async () => client.destroy() }
  },
  'a sendCommand function': async (url) => {
    const client = createClient6({ url })
    await connected(client as never)
    return {
      client: { sendCommand: (words: string[]) => client.sendCommand(words) },
      close: async () => client.destroy(),
    }
  },
}
