/*
 * A process with a persistent store, for tests. Its parent sends how many charges it is to take, and gets the number
 * that is saved or taken. Each charge is of another client.
 */
import { createServer } from 'node:http'
import { createRateLimiter } from '../../../../src/create-rate-limiter.ts'
import { PersistentMemoryStore } from '../../../../src/stores/memory/persistence/persistent-memory-store.ts'
import { chargeOf } from '../../../support/charges.ts'

const { STORE_PATH: path = '', EVERY_SEC: everySec = '3600' } = process.env

try {
  const store = new PersistentMemoryStore({ persist: { path, everySec: Number(everySec) } })
  const limiter = createRateLimiter({ store, read: 3 })
  const server = createServer((req, res) => limiter(req, res, () => res.end('ok')))
  server.listen(0, '127.0.0.1')
  let taken = 0
  process.on('message', async (message: { charges: number; saves?: boolean }) => {
    for (let charge = 0; charge < message.charges; charge++) store.consume(chargeOf(`client ${taken++}`))
    if (message.saves === true) await store.save(path)
    process.send?.({ taken })
  })
  process.once('SIGTERM', async () => {
    server.close()
    server.closeAllConnections()
    await limiter.close()
    await store.close()
    process.disconnect()
  })
  server.once('listening', () => {
    process.send?.({ size: store.size, port: (server.address() as { port: number }).port })
  })
} catch (error) {
  process.send?.({ error: (error as Error).message })
  process.disconnect()
}
