import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { chargeOf } from '../charges.ts'
import type { ConnectedClient } from './clients.ts'
import { until } from './until.ts'

/** What each client of the traffic may read in an hour. */
export const LIMIT = 20

const PAUSE_MS = 5
/** So long that a slow machine does not look like a failing server. */
const DEADLINE_MS = 1000
const SILENT: { info(): void; warn(): void } = { info: () => undefined, warn: () => undefined }

/** An app with a limiter in Redis, and clients that ask it again and again. */
export class Traffic {
  readonly limiter: RateLimiter
  readonly store: RedisStore
  /** How many requests of a client were answered with a status. */
  readonly #seen = new Map<string, Map<number, number>>()
  readonly #connection: ConnectedClient
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  #isStopping = false
  #running: Promise<unknown> = Promise.resolve()

  private constructor(connection: ConnectedClient, prefix: string) {
    this.#connection = connection
    this.store = new RedisStore({ client: connection.client, prefix, deadlineMs: DEADLINE_MS })
    this.limiter = createRateLimiter({
      read: { limit: LIMIT, windowSec: 3600 },
      store: this.store,
      keyGenerator: (req) => String(req.headers['x-client']),
      logger: SILENT,
    })
    const app = express()
    app.use(this.limiter)
    app.get('/', (_req, res) => {
      res.end()
    })
    this.#server = app.listen(0, '127.0.0.1')
  }

  static async prepare(connection: ConnectedClient, prefix: string): Promise<Traffic> {
    const traffic = new Traffic(connection, prefix)
    if (!traffic.#server.listening) await once(traffic.#server, 'listening')
    await until('Redis answers', async () => (await traffic.store.peek(chargeOf('anybody'))).allowed)
    return traffic
  }

  /** Lets each of the clients ask one request after the other, until the traffic stops. */
  start(clients: readonly string[]): void {
    this.#running = Promise.all(clients.map((client) => this.#ask(client)))
  }

  /** The status that one more request of the client gets. */
  async request(client: string): Promise<number> {
    const { port } = this.#server.address() as AddressInfo
    const options = { port, host: '127.0.0.1', agent: this.#agent, headers: { 'x-client': client } }
    const [response] = (await once(get(options), 'response')) as [IncomingMessage]
    response.resume()
    const status = response.statusCode ?? 0
    const seen = this.#seen.get(client) ?? new Map<number, number>()
    this.#seen.set(client, seen.set(status, (seen.get(status) ?? 0) + 1))
    return status
  }

  /** All statuses that any client was answered with. */
  get statuses(): readonly number[] {
    return [...new Set([...this.#seen.values()].flatMap((seen) => [...seen.keys()]))].sort()
  }

  countOf(client: string, status: number): number {
    return this.#seen.get(client)?.get(status) ?? 0
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
  }

  async close(): Promise<void> {
    await this.stop()
    this.#agent.destroy()
    this.#server.close()
    await this.limiter.close()
    await this.store.close()
    await this.#connection.close()
  }

  async #ask(client: string): Promise<void> {
    while (!this.#isStopping) {
      await this.request(client)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
