import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import express4Untyped from 'express4'
import { Server } from 'socket.io'
import { io as connect, type Socket } from 'socket.io-client'
import { afterEach, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'

const express4 = express4Untyped as unknown as typeof express

const closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

async function portOf(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An app behind one proxy on loopback, and its server. */
function appWithServer(framework: typeof express): { app: express.Express; server: HttpServer } {
  const app = framework()
  app.set('trust proxy', 'loopback')
  app.get('/', (_req, res) => void res.send('from the app'))
  const server = createServer(app)
  return { app, server }
}

function attach(server: HttpServer): Server {
  const sockets = new Server(server)
  closings.push(() => sockets.close())
  return sockets
}

/** Sends a polling handshake for a client behind the proxy. Resolves to the status of the answer. */
async function poll(port: number, address: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`, {
    headers: { 'x-forwarded-for': address },
  })
  await response.text()
  return response.status
}

/** Connects a client of Socket.IO. Resolves to `connected`, or to the error that the client gets. */
function connectBy(transport: 'polling' | 'websocket', port: number, address: string): Promise<string> {
  const socket: Socket = connect(`http://127.0.0.1:${port}`, {
    transports: [transport],
    reconnection: false,
    forceNew: true,
    extraHeaders: { 'x-forwarded-for': address },
  })
  closings.push(() => socket.close())
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('connected'))
    socket.once('connect_error', (error) => {
      const { description } = error as { description?: unknown }
      resolve(`refused: ${String((description as { message?: string })?.message ?? description)}`)
    })
  })
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('a server of %s with Socket.IO', (_name, framework) => {
  // Threat 30: Socket.IO removes the listeners of the server and answers its polling requests itself.
  it('answers polling without a limit if the limiter is only in the app', async () => {
    const { app, server } = appWithServer(framework)
    app.use(createRateLimiter({ read: 2 }))
    attach(server)
    const port = await portOf(server)
    const statuses = []
    for (let turn = 0; turn < 5; turn++) statuses.push(await poll(port, '203.0.113.7'))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
  })

  it.each(['before', 'after'])('is limited by a guard that is added %s Socket.IO', async (when) => {
    const { app, server } = appWithServer(framework)
    const limiter = createRateLimiter({ read: 2 })
    if (when === 'before') limiter.guard(server, app)
    attach(server)
    if (when === 'after') limiter.guard(server, app)
    const port = await portOf(server)
    const statuses = []
    for (let turn = 0; turn < 3; turn++) statuses.push(await poll(port, '203.0.113.7'))
    // The setting trust proxy of the app applies: another client behind the same proxy has its own limit.
    statuses.push(await poll(port, '203.0.113.8'))
    expect(statuses).toEqual([200, 200, 429, 200])
    expect(await connectBy('websocket', port, '203.0.113.9')).toBe('connected')
    expect(await connectBy('websocket', port, '203.0.113.9')).toBe('connected')
    expect(await connectBy('websocket', port, '203.0.113.9')).toBe('refused: Unexpected server response: 429')
  })

  it('uses the settings of the app that it had when guard was called', async () => {
    const { server } = appWithServer(framework)
    createRateLimiter({ read: 1 }).guard(server)
    attach(server)
    const port = await portOf(server)
    expect([await poll(port, '203.0.113.7'), await poll(port, '203.0.113.7')]).toEqual([200, 429])
    expect(await poll(port, '203.0.113.8')).toBe(200)
  })

  it('charges a request of the app once if the limiter is mounted in the app too', async () => {
    const { app, server } = appWithServer(framework)
    const limiter = createRateLimiter({ read: 3 })
    const inner = express.Router()
    inner.use(limiter)
    inner.get('/inner', (_req, res) => void res.send('inner'))
    app.use(inner)
    attach(server)
    limiter.guard(server, app)
    const port = await portOf(server)
    const remaining = []
    for (let turn = 0; turn < 2; turn++) {
      const response = await fetch(`http://127.0.0.1:${port}/inner`)
      expect(await response.text()).toBe('inner')
      remaining.push(response.headers.get('x-ratelimit-remaining'))
    }
    expect(remaining).toEqual(['2', '1'])
  })

  it('is limited by io.engine.use(limiter) alone: polling and WebSockets get 429', async () => {
    const { server } = appWithServer(framework)
    const sockets = attach(server)
    sockets.engine.use(createRateLimiter({ read: 2, trustProxy: 'loopback', standardHeaders: true }))
    const port = await portOf(server)
    expect(await connectBy('websocket', port, '203.0.113.7')).toBe('connected')
    expect(await connectBy('websocket', port, '203.0.113.7')).toBe('connected')
    expect(await connectBy('websocket', port, '203.0.113.7')).toBe('refused: Unexpected server response: 429')
    expect([
      await poll(port, '203.0.113.8'),
      await poll(port, '203.0.113.8'),
      await poll(port, '203.0.113.8'),
    ]).toEqual([200, 200, 429])
  })
})
