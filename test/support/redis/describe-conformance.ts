import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { storeConformance } from '../../../src/tools/testing/conformance/store-conformance.ts'
import { CLIENTS, type ConnectedClient } from './clients.ts'
import { describeRedis } from './describe-redis.ts'
import { anyRedis, type RedisServer } from './redis-server.ts'

/** Runs the store conformance suite on a RedisStore through each of some clients, by their names. */
export function describeConformance(clients: Readonly<Record<string, () => Promise<ConnectedClient>>>): void {
  describe.each(Object.entries(clients))('through %s', (name, connect) => {
    let connection: ConnectedClient
    let stores = 0
    beforeAll(async () => {
      connection = await connect()
    })
    afterAll(() => connection.close())

    storeConformance({
      describe,
      it,
      create: (clock) => {
        stores++
        const prefix = `test:${process.pid}:${name.replaceAll(' ', '-')}:${stores}`
        // The suite creates a store before the server has started.
        const client = connection?.client ?? { sendCommand: async () => undefined }
        return new RedisStore({ client, prefix, clock, deadlineMs: 30_000 })
      },
    })
  })
}

/** Runs the suite on one server, through the clients of {@link CLIENTS} that are tested. */
export function describeServerConformance(title: string, isTested: (client: string) => boolean): void {
  describeRedis(title, () => {
    let server: Pick<RedisServer, 'url' | 'stop'>
    beforeAll(async () => {
      server = await anyRedis()
    })
    afterAll(() => server.stop())

    const tested = Object.entries(CLIENTS).filter(([name]) => isTested(name))
    describeConformance(
      Object.fromEntries(tested.map(([name, connect]) => [name, () => connect(server.url)])),
    )
  })
}

/** The newest version of each client: the fast tests run through these, and the slow tests through the others. */
export const NEWEST_CLIENTS: readonly string[] = ['ioredis 6', 'node-redis 6']
