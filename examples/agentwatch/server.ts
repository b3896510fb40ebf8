import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { assertEveryRouteLimited, auditRoutes, formatRoutes } from 'express-tollgate/audit'
import { type Dashboard, dashboard } from 'express-tollgate/dashboard'
import { type AppParts, createApp } from './app.ts'
import { createWatch, type Watch } from './domain/watch.ts'
import { type Drain, prepareDrain } from './http/drain.ts'
import { countRequests } from './http/request-counts.ts'
import { createLimiters, type Limiters } from './limiters.ts'
import { DEFAULT_STREAM_BOUNDS, EventStream, type StreamBounds } from './live/event-stream.ts'
import { handleUpgrades } from './live/upgrade.ts'
import { readSettings } from './settings.ts'

/** What the server is made with. */
export interface AgentwatchOptions {
  /** `PORT`, `AGENTWATCH_API_KEY`, `REDIS_URL` and `API_RATE_LIMIT_*`. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly watch?: Watch
  readonly createApp?: (parts: AppParts) => Express
  readonly stream?: Partial<StreamBounds>
  /** How long a stop waits for answers under way. Default: 5000. */
  readonly drainMs?: number
}

/** A server that is ready to listen. */
export interface Agentwatch {
  readonly app: Express
  readonly server: Server
  readonly watch: Watch
  /** The table of all routes and the limits before them. */
  readonly routeTable: string
  /** Where the limiters count, for people. */
  readonly counters: string
  /** Serves on 127.0.0.1 and returns the URL. Rejects, and closes everything, if the port is taken. */
  listen(): Promise<string>
  /** Stops taking requests, answers those under way, closes sockets and limiters. */
  close(): Promise<void>
}

/**
 * Puts the server together.
 * @throws if a setting is wrong, or if a route can be reached past the limiter: then nothing ever listens.
 */
export function createAgentwatch(options: AgentwatchOptions): Agentwatch {
  const { port, apiKey } = readSettings(options.env)
  const watch = options.watch ?? createWatch()
  const limiters = createLimiters(options.env)
  const limitsPage = dashboard([limiters.everything, limiters.demoSeed, limiters.apiKeys])
  const server = createServer()
  const stream = new EventStream(watch.feed, { ...DEFAULT_STREAM_BOUNDS, ...options.stream })
  const requests = countRequests(server)
  const drain = prepareDrain(server)
  const parts = { watch, limiters, limitsPage, requests, apiKey, streamClients: () => stream.clientCount }
  const app = (options.createApp ?? createApp)(parts)
  const close = closer({ drain, stream, limiters, limitsPage, drainMs: options.drainMs ?? 5000 })
  try {
    assertEveryRouteLimited(app)
  } catch (error) {
    void close()
    throw error
  }
  server.on('request', app)
  handleUpgrades(server, stream, watch, apiKey)
  limiters.everything.guard(server)
  const routeTable = formatRoutes(auditRoutes(app))
  const listenOrClose = async (): Promise<string> => {
    try {
      return await listen(server, port)
    } catch (error) {
      await close()
      throw explainListenError(error, port)
    }
  }
  return { app, server, watch, routeTable, counters: limiters.counters, listen: listenOrClose, close }
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function explainListenError(error: unknown, port: number): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  const remedy = `Choose another port, for example: PORT=${port < 65_535 ? port + 1 : 3000} npm start`
  if (code === 'EADDRINUSE') {
    return new Error(`Port ${port} on 127.0.0.1 is taken by another program. ${remedy}`, { cause: error })
  }
  if (code === 'EACCES') {
    return new Error(`Port ${port} on 127.0.0.1 is not for this user. ${remedy}`, { cause: error })
  }
  return error
}

interface Closing {
  readonly drain: Drain
  readonly stream: EventStream
  readonly limiters: Limiters
  readonly limitsPage: Dashboard
  readonly drainMs: number
}

/** What closes everything, once however often it is called. */
function closer({ drain, stream, limiters, limitsPage, drainMs }: Closing): () => Promise<void> {
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
