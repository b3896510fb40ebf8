import { createServer, type Server } from 'node:http'
import type { Express } from 'express'
import { assertEveryRouteLimited, auditRoutes } from 'express-tollgate/audit'
import { type Dashboard, dashboard } from 'express-tollgate/dashboard'
import { type AppParts, createApp } from './app.ts'
import { createWatch, type Watch } from './domain/watch.ts'
import { type Drain, prepareDrain } from './http/drain.ts'
import { listen } from './http/listen.ts'
import { countRequests } from './http/request-counts.ts'
import { formatRouteTable } from './http/route-table.ts'
import { createLimiters, type Limiters } from './limiters.ts'
import { DEFAULT_STREAM_BOUNDS, EventStream, type StreamBounds } from './live/event-stream.ts'
import { handleUpgrades } from './live/upgrade.ts'
import { readSettings } from './settings.ts'

/** Options of {@link createAgentwatch}. */
export interface AgentwatchOptions {
  /** `PORT`, `AGENTWATCH_API_KEY`, `REDIS_URL` and `API_RATE_LIMIT_*`. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly watch?: Watch
  readonly createApp?: (parts: AppParts) => Express
  readonly stream?: Partial<StreamBounds>
  /** How long a close waits for the requests under way, in milliseconds. Default: 5000. */
  readonly drainMs?: number
  /** How long a decision may wait for Redis, in milliseconds. Default: that of `RedisStore`. */
  readonly redisDeadlineMs?: number
}

/** A server that is ready to listen. */
export interface Agentwatch {
  readonly app: Express
  readonly server: Server
  readonly watch: Watch
  /** The table of all routes and their limits, for a terminal of 80 columns. */
  readonly routeTable: string
  /** The place of the counters, for a message. */
  readonly storeDescription: string
  /** Listens on 127.0.0.1 and returns the URL. If the port is in use, closes everything and rejects. */
  listen(): Promise<string>
  /** Accepts no more requests, answers those under way, and closes the sockets and limiters. */
  close(): Promise<void>
}

/**
 * Creates the server.
 * @throws if a setting is wrong, or if a route is not limited; then nothing listens.
 */
export function createAgentwatch(options: AgentwatchOptions): Agentwatch {
  const { port, apiKey } = readSettings(options.env)
  const watch = options.watch ?? createWatch()
  const limiters = createLimiters(options.env, watch, options.redisDeadlineMs)
  const limitsPage = dashboard(limiters.all)
  const server = createServer()
  const stream = new EventStream(watch.feed, { ...DEFAULT_STREAM_BOUNDS, ...options.stream })
  const requests = countRequests(server)
  const drain = prepareDrain(server)
  const parts = { watch, limiters, limitsPage, requests, apiKey, streamClients: () => stream.clientCount }
  const app = (options.createApp ?? createApp)(parts)
  const close = createClose({ drain, stream, limiters, limitsPage, drainMs: options.drainMs ?? 5000 })
  try {
    assertEveryRouteLimited(app)
  } catch (error) {
    void close()
    throw error
  }
  server.on('request', app)
  handleUpgrades(server, stream, watch, apiKey)
  limiters.everything.guard(server)
  const routeTable = formatRouteTable(auditRoutes(app))
  const listenOrClose = async (): Promise<string> => {
    try {
      return `http://127.0.0.1:${await listen(server, port)}`
    } catch (error) {
      await close()
      throw error
    }
  }
  return {
    app,
    server,
    watch,
    routeTable,
    storeDescription: limiters.storeDescription,
    listen: listenOrClose,
    close,
  }
}

interface Closing {
  readonly drain: Drain
  readonly stream: EventStream
  readonly limiters: Limiters
  readonly limitsPage: Dashboard
  readonly drainMs: number
}

/** A function that closes everything. Every further call returns the same promise. */
function createClose({ drain, stream, limiters, limitsPage, drainMs }: Closing): () => Promise<void> {
  let closing: Promise<void> | undefined
  const closeAll = async (): Promise<void> => {
    stream.close()
    limitsPage.close()
    const deadline = setTimeout(() => stream.terminate(), drainMs)
    await drain.close(drainMs)
    clearTimeout(deadline)
    await limiters.close()
  }
  return () => {
    closing ??= closeAll()
    return closing
  }
}
