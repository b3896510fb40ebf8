import { Cluster as Cluster6 } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis-5'
import { createCluster as createCluster6 } from 'redis'
import { createCluster as createCluster4 } from 'redis-4'
import { createCluster as createCluster5 } from 'redis-5'
import type { ConnectedClient } from './clients.ts'

type ConnectToCluster = (urls: readonly string[]) => Promise<ConnectedClient>

const ioredis =
  (Cluster: typeof Cluster5 | typeof Cluster6): ConnectToCluster =>
  async (urls) => {
    const client = new Cluster([...urls])
    client.on('error', () => undefined)
    return { client, close: async () => client.disconnect() }
  }

const rootNodesOf = (urls: readonly string[]): { url: string }[] => urls.map((url) => ({ url }))

async function connected(client: {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
}): Promise<void> {
  client.on('error', () => undefined)
  await client.connect()
}

/** Every cluster client that the store supports. */
export const CLUSTER_CLIENTS: Readonly<Record<string, ConnectToCluster>> = {
  'ioredis 5': ioredis(Cluster5),
  'ioredis 6': ioredis(Cluster6),
  'node-redis 4': async (urls) => {
    const client = createCluster4({ rootNodes: rootNodesOf(urls) })
    await connected(client)
    return { client, close: () => client.disconnect() }
  },
  'node-redis 5': async (urls) => {
    const client = createCluster5({ rootNodes: rootNodesOf(urls) })
    await connected(client as never)
    return { client, close: async () => client.destroy() }
  },
  'node-redis 6': async (urls) => {
    const client = createCluster6({ rootNodes: rootNodesOf(urls) })
    await connected(client as never)
    return { client, close: async () => client.destroy() }
  },
}
