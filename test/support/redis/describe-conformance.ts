import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { storeConformance } from '../../../src/tools/testing/conformance/store-conformance.ts'
import type { ConnectedClient } from './clients.ts'

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
