import { once } from 'node:events'
import http, { type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import express from 'express'
import { vi } from 'vitest'
import { createRateLimiter, type RateLimiter, type StoreErrorPolicy } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import { CLIENTS, type ConnectedClient } from './clients.ts'
import { NO_FAULT } from './faults.ts'
import { ScriptedRedis, type ScriptedRedisOptions } from './scripted-redis.ts'

/** The answer to one request. */
export interface Seen {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly tookMs: number
}

/** An app with a limit of 3 reads a minute, connected to a scripted Redis. */
export class LimitedApp {
  readonly redis: ScriptedRedis
  readonly store: RedisStore
  readonly limiter: RateLimiter
  readonly #connection: ConnectedClient
  readonly #server: http.Server

  private constructor(redis: ScriptedRedis, connection: ConnectedClient, options: LimitedAppOptions) {
    this.redis = redis
    this.#connection = connection
    // The tests are about a server that was connected before.
    const { deadlineMs } = options
    this.store = new RedisStore({ client: connection.client, deadlineMs, connectDeadlineMs: deadlineMs })
    const { onStoreError = 'memory' } = options
    const logger = { info: () => undefined, warn: () => undefined }
    const { store } = this
    this.limiter = createRateLimiter({ read: 3, store, onStoreError, logger, standardHeaders: true })
    const app = express()
    app.use(this.limiter)
    app.get('/', (_req, res) => {
      res.json({})
    })
    this.#server = app.listen(0, '127.0.0.1')
  }

  static async start(client: string, options: LimitedAppOptions): Promise<LimitedApp> {
    const connect = CLIENTS[client]
    if (connect === undefined) throw new Error(`no client ${client}`)
    const redis = await ScriptedRedis.start(NO_FAULT, options)
    const app = new LimitedApp(redis, await connect(redis.url), options)
    if (!app.#server.listening) await once(app.#server, 'listening')
    await app.#connected()
    redis.forget()
    return app
  }

  /** Sends one request. */
  async get(): Promise<Seen> {
    const startedAt = process.hrtime.bigint()
    const { port } = this.#server.address() as AddressInfo
    const [response] = await once(http.get({ port, agent: false }), 'response')
    const { statusCode: status, headers } = response as http.IncomingMessage & { statusCode: number }
    const body = await text(response)
    return { status, headers, body, tookMs: Number((process.hrtime.bigint() - startedAt) / 1_000_000n) }
  }

  /** Sends several requests at the same time. */
  getAll(count: number): Promise<Seen[]> {
    return Promise.all(Array.from({ length: count }, () => this.get()))
  }

  /** The names of the commands that Redis has received, in upper case. */
  get sent(): string[] {
    return this.redis.received.map(([name = '']) => name.toUpperCase())
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.limiter.close()
    await this.store.close()
    await this.#connection.close()
    await this.redis.stop()
  }

  /** Calls the store and not the limiter, whose circuit breaker belongs to the tests. */
  async #connected(): Promise<void> {
    await vi.waitFor(() => this.store.unblock('nobody'), { timeout: 60_000, interval: 5 })
  }
}

export interface LimitedAppOptions extends ScriptedRedisOptions {
  readonly deadlineMs: number
  readonly onStoreError?: StoreErrorPolicy
}
