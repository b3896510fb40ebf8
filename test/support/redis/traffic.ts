import { once } from 'node:events'
import { Agent, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { chargeOf } from '../charges.ts'
import type { ConnectedClient } from './clients.ts'
import { until } from './until.ts'

/** How many requests an hour each client may send. */
export const LIMIT = 20

const PAUSE_MS = 5
/** So long that a busy machine does not look like a failing server, and shorter than a failover. */
const DEADLINE_MS = 1000
const SILENT: { info(): void; warn(): void } = { info: () => undefined, warn: () => undefined }

/** An app with a limiter in Redis, and clients that send requests until the traffic stops. */
export class Traffic {
  readonly limiter: RateLimiter
  readonly store: RedisStore
  /** How many answers of each status each client has got. */
  readonly #counts = new Map<string, Map<number, number>>()
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
    await until('Redis answers', async () => (await traffic.store.peek(chargeOf('any client'))).allowed)
    return traffic
  }

  /** Each client sends one request after the other until the traffic stops. */
  start(clients: readonly string[]): void {
    this.#running = Promise.all(clients.map((client) => this.#sendRequests(client)))
  }

  /** Sends one request of a client. Resolves with the status of its answer. */
  async request(client: string): Promise<number> {
    const { port } = this.#server.address() as AddressInfo
    const options = { port, host: '127.0.0.1', agent: this.#agent, headers: { 'x-client': client } }
    const [response] = (await once(get(options), 'response')) as [IncomingMessage]
    response.resume()
    const status = response.statusCode ?? 0
    const counts = this.#counts.get(client) ?? new Map<number, number>()
    this.#counts.set(client, counts.set(status, (counts.get(status) ?? 0) + 1))
    return status
  }

  /** All statuses of answers. */
  get statuses(): readonly number[] {
    return [...new Set([...this.#counts.values()].flatMap((counts) => [...counts.keys()]))].sort()
  }

  countOf(client: string, status: number): number {
    return this.#counts.get(client)?.get(status) ?? 0
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

  async #sendRequests(client: string): Promise<void> {
    while (!this.#isStopping) {
      await this.request(client)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
