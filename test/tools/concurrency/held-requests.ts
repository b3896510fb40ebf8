import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { expect } from 'vitest'
import { type ConcurrencyLimiter, createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import { exchange } from '../../request/exchange.ts'
import type { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { until } from '../../support/redis/until.ts'

type Express = (typeof EXPRESS_VERSIONS)[number][1]

/** Runs a request that never ends by itself through a limiter. */
export function run(
  limiter: ConcurrencyLimiter,
  address = '192.0.2.1',
  method = 'GET',
): ServerResponse & { ran: boolean } {
  const { req, res } = exchange(method, address)
  const watched = Object.assign(res, { ran: false })
  limiter(req, res, (error) => {
    expect(error).toBeUndefined()
    watched.ran = true
  })
  return watched
}

export const close = (res: ServerResponse): unknown => res.emit('close')

const abort = (res: ServerResponse): void => {
  res.destroy()
  close(res)
}

/** What {@link abortMany} has seen. */
export interface Aborted {
  readonly refused: number
  readonly mostInFlight: number
}

/**
 * Aborts so many requests of 250 clients, each after 500 others have begun. So every client has two requests in flight.
 * Each hundredth request is followed by another one of its client, which is aborted when it was answered.
 */
export function abortMany(limiter: ConcurrencyLimiter, requests: number): Aborted {
  const open: ServerResponse[] = []
  let [refused, mostInFlight] = [0, 0]
  for (let request = 0; request < requests; request++) {
    if (open.length === 500) abort(open.shift() as ServerResponse)
    const address = `192.0.2.${request % 250}`
    open.push(run(limiter, address))
    mostInFlight = Math.max(mostInFlight, limiter.inFlight)
    if (request % 100 !== 99) continue
    const third = run(limiter, address)
    if (!third.ran) refused++
    abort(third)
  }
  for (const res of open) abort(res)
  return { refused, mostInFlight }
}

/** An app whose handler answers /held never, and throws for /broken. */
export function appWith(express: Express, limiter: ConcurrencyLimiter): ReturnType<Express> {
  const app = express()
  app.use(limiter as never, limiter as never)
  app.get('/held', () => undefined)
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.use((_req, res) => void res.send('ok'))
  app.use((_error: unknown, _req: unknown, res: ServerResponse, _next: unknown) => {
    res.statusCode = 500
    res.end()
  })
  return app
}

/** Resets so many batches of 50 connections with requests, half of them before a request runs. Then all places are free. */
export async function resetConnections(express: Express, batches: number): Promise<void> {
  const limiter = createConcurrencyLimiter({ limit: 10, queue: { size: 10, timeoutMs: 60_000 } })
  await withListeningServer(appWith(express, limiter), async (port) => {
    for (let batch = 0; batch < batches; batch++) {
      const sockets = Array.from({ length: 50 }, () => net.connect(port))
      await Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => undefined)
          await once(socket, 'connect')
          socket.write(rawGet('/held'))
        }),
      )
      if (batch % 2 === 0) await until('a request runs', () => limiter.inFlight > 0)
      for (const socket of sockets) socket.resetAndDestroy()
    }
    await until('nothing is held', () => limiter.inFlight === 0 && limiter.waiting === 0)
    expect((await sendRaw(port, rawGet('/')))[0]?.status).toBe(200)
  })
}
