import { createServer, IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import express, { type Request, type Response } from 'express'
import express4Untyped from 'express4'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Charge, Store } from '../../src/stores/store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

const express4 = express4Untyped as unknown as typeof express

const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const CONNECT = 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

async function listening(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** All that a server answers to `text` until it hangs up. */
function answerTo(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('latin1')
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

const accept = (_req: IncomingMessage, socket: Socket): void => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
}

describe('guard', () => {
  it.each([
    ['upgrade', UPGRADE],
    ['connect', CONNECT],
  ])('refuses an %s with a full response before any handler sees it', async (event, request) => {
    const server = createServer()
    const handler = vi.fn(accept)
    createRateLimiter({ read: 2, write: 2 }).guard(server)
    server.prependListener(event, handler)
    const port = await listening(server)
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    const refused = await answerTo(port, request)
    expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
    expect(refused).toMatch(/\r\nRetry-After: (?:59|60)\r\n/)
    expect(refused).toMatch(/\r\nConnection: close\r\n/)
    expect(refused).toMatch(/\r\n\r\n\{"error":"rate_limit_exceeded"\}$/)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('refuses clients on the denyList before any handler gets them', async () => {
    const server = createServer()
    const handler = vi.fn(accept)
    server.on('upgrade', handler)
    createRateLimiter({ denyList: ['loopback'] }).guard(server)
    const refused = await answerTo(await listening(server), UPGRADE)
    expect(refused).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(refused).toMatch(/\r\nCache-Control: no-store\r\n/)
    expect(refused).not.toMatch(/\r\n(?:Retry-After|X-RateLimit-)/)
    expect(refused).toMatch(/\r\n\r\n\{"error":"forbidden"\}$/)
    expect(handler).not.toHaveBeenCalled()
  })

  it('lets clients on the allowList pass, however often', async () => {
    const server = createServer().on('upgrade', accept)
    createRateLimiter({ read: 1, allowList: ['127.0.0.1'] }).guard(server)
    const port = await listening(server)
    for (const _ of [1, 2, 3]) expect(await answerTo(port, UPGRADE)).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('refuses a banned client, and names the end of its ban', async () => {
    const server = createServer().on('upgrade', accept)
    const limiter = createRateLimiter({ clock: new FakeClock() })
    limiter.guard(server)
    await limiter.block('127.0.0.1', 600)
    const refused = await answerTo(await listening(server), UPGRADE)
    expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
    expect(refused).toMatch(/\r\nRetry-After: 600\r\n/)
    expect(refused).toMatch(/\r\nX-RateLimit-Remaining: 0\r\n/)
  })

  it('hands on the socket unchanged: no listener of the guard stays', async () => {
    const listeners: object[] = []
    for (const guarded of [false, true]) {
      const server = createServer()
      server.on('upgrade', (req, socket: Socket) => {
        listeners.push(socket.eventNames().map((name) => [name, socket.listenerCount(name)]))
        accept(req, socket)
      })
      if (guarded) createRateLimiter().guard(server)
      await answerTo(await listening(server), UPGRADE)
    }
    expect(listeners).toHaveLength(2)
    expect(listeners[1]).toEqual(listeners[0])
  })

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('gives the options the requests and responses of %s, as they know them', async (_name, framework) => {
    const app = framework()
    app.set('trust proxy', 'loopback')
    const server = createServer(app)
    const handler = vi.fn(accept)
    server.on('upgrade', handler)
    const seen: unknown[] = []
    createRateLimiter<Request, Response>({
      read: 1,
      keyGenerator: (req) => {
        seen.push(req.get('x-tenant'), req.ip, req.app === app, req.res?.req === req)
        return req.get('x-tenant') ?? 'none'
      },
      handler: (_req, res) => void res.status(418).json({ error: 'teapot' }),
    }).guard(server)
    const port = await listening(server)
    const request = UPGRADE.replace('\r\n\r\n', '\r\nX-Tenant: blue\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n')
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    const refused = await answerTo(port, request)
    expect(refused).toMatch(/^HTTP\/1\.1 418 /)
    expect(refused).toMatch(/\r\n\r\n\{"error":"teapot"\}$/)
    expect(seen).toEqual(['blue', '192.0.2.7', true, true, 'blue', '192.0.2.7', true, true])
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('does not take other listeners for an Express app', async () => {
    const listener = Object.assign(vi.fn(), { handle: () => undefined })
    const server = createServer(listener)
    const prototypes: unknown[] = []
    server.on('upgrade', (req, socket: Socket) => {
      prototypes.push(Object.getPrototypeOf(req))
      accept(req, socket)
    })
    createRateLimiter().guard(server)
    expect(await answerTo(await listening(server), UPGRADE)).toMatch(/^HTTP\/1\.1 101 /)
    expect(prototypes).toEqual([IncomingMessage.prototype])
    expect(listener).not.toHaveBeenCalled()
  })

  it('closes the socket where the last handler was removed while the store was asked', async () => {
    const memory = new MemoryStore()
    const server = createServer()
    const handler = vi.fn(accept)
    const store: Store = {
      consume: async (charge: Charge) => {
        server.off('upgrade', handler)
        return memory.consume(charge)
      },
    }
    server.on('upgrade', handler)
    createRateLimiter({ store }).guard(server)
    // It would wait for ever on a socket that nobody has.
    expect(await answerTo(await listening(server), UPGRADE)).toBe('')
    expect(handler).not.toHaveBeenCalled()
    memory.close()
  })

  it('leaves requests to the server', async () => {
    const server = createServer((_req, res) => res.end('ok'))
    createRateLimiter({ read: 1 }).guard(server)
    const port = await listening(server)
    for (const _ of [1, 2]) {
      expect(
        await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text(),
      ).toBe('ok')
    }
  })

  it('answers 500 where the limiter fails, and warns with the reason', async () => {
    const server = createServer()
    const handler = vi.fn(accept)
    server.on('upgrade', handler)
    createRateLimiter({ keyGenerator: () => '' }).guard(server)
    const port = await listening(server)
    let answer = ''
    const warnings = await emittedBy(async () => {
      answer = await answerTo(port, UPGRADE)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(answer).toMatch(/\r\n\r\n\{"error":"internal_error"\}$/)
    expect(handler).not.toHaveBeenCalled()
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_GUARD_FAILED',
        message:
          "An upgrade was refused: keyGenerator: returned no key, got ''. Return a string that is not empty. Its second argument is the key of the client address.",
      },
    ])
  })
})
