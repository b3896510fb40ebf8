import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { documentedAt } from '../../../src/errors/documented-at.ts'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { collectWarnings } from '../../support/http/warnings.ts'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: echo']
const warnings = collectWarnings()

/** A server that answers upgrades and CONNECT, and records the requests that reach its handlers. */
function echoServer(): { server: http.Server; reached: string[] } {
  const reached: string[] = []
  const server = http.createServer((_req, res) => res.end('plain'))
  for (const event of ['upgrade', 'connect'] as const) {
    server.on(event, (req, socket) => {
      reached.push(`${event} ${req.method}`)
      socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n')
    })
  }
  return { server, reached }
}

async function statusesOf(count: number, port: number, text: string): Promise<Array<number | undefined>> {
  const statuses = []
  for (let turn = 0; turn < count; turn++) statuses.push((await sendRaw(port, text))[0]?.status)
  return statuses
}

describe('guard(server)', () => {
  it.each(['before', 'after'])('charges upgrades if it is called %s the handlers are added', async (when) => {
    const { server, reached } =
      when === 'after' ? echoServer() : { server: http.createServer(), reached: [] as string[] }
    createRateLimiter({ read: 2 }).guard(server)
    if (when === 'before') {
      server.prependListener('upgrade', (req, socket) => {
        reached.push(`upgrade ${req.method}`)
        socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n')
      })
    }
    await withListeningServer(server, async (port) => {
      expect(await statusesOf(4, port, rawGet('/', UPGRADE))).toEqual([101, 101, 429, 429])
    })
    expect(reached).toEqual(['upgrade GET', 'upgrade GET'])
  })

  it('refuses with a full response and closes the connection', async () => {
    const { server } = echoServer()
    createRateLimiter({ read: 1, standardHeaders: true }).guard(server)
    await withListeningServer(server, async (port) => {
      await sendRaw(port, rawGet('/', UPGRADE))
      const [refused] = await sendRaw(port, rawGet('/', UPGRADE), 99)
      expect(refused?.status).toBe(429)
      expect(refused?.body).toBe('{"error":"rate_limit_exceeded"}')
      expect(Object.fromEntries(refused?.headers ?? [])).toMatchObject({
        'content-type': 'application/json',
        'content-length': '31',
        'retry-after': '60',
        'cache-control': 'no-store',
        connection: 'close',
        'x-ratelimit-limit': '1',
        'x-ratelimit-remaining': '0',
        ratelimit: '"read";r=0;t=60',
      })
    })
  })

  it('charges CONNECT as a write', async () => {
    const { server, reached } = echoServer()
    createRateLimiter({ read: 9, write: 1 }).guard(server)
    await withListeningServer(server, async (port) => {
      const connect = 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n'
      expect(await statusesOf(3, port, connect)).toEqual([101, 429, 429])
    })
    expect(reached).toEqual(['connect CONNECT'])
  })

  it('counts upgrades and ordinary requests together, and charges each request once', async () => {
    const limiter = createRateLimiter({ read: 3 })
    const server = http.createServer((req, res) => limiter(req, res, () => res.end('plain')))
    server.on('upgrade', (_req, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n'),
    )
    limiter.guard(server)
    limiter.guard(server)
    await withListeningServer(server, async (port) => {
      const statuses = [
        ...(await statusesOf(1, port, rawGet('/'))),
        ...(await statusesOf(1, port, rawGet('/', UPGRADE))),
        ...(await statusesOf(1, port, rawGet('/'))),
        ...(await statusesOf(1, port, rawGet('/', UPGRADE))),
      ]
      expect(statuses).toEqual([200, 101, 200, 429])
    })
  })

  it.each([
    ['an asynchronous store', { store: slowStore() }],
    ['an async skip', { skip: async () => false }],
  ] as ReadonlyArray<[string, RateLimiterOptions]>)(
    'delays upgrades while it waits for %s',
    async (_what, options) => {
      const { server, reached } = echoServer()
      createRateLimiter({ read: 1, ...options }).guard(server, undefined, { beforeMiddleware: true })
      await withListeningServer(server, async (port) => {
        expect(await statusesOf(3, port, rawGet('/', UPGRADE))).toEqual([101, 429, 429])
      })
      expect(reached).toEqual(['upgrade GET'])
    },
  )

  it('answers 500 and warns if a function of the options fails', async () => {
    const { server, reached } = echoServer()
    createRateLimiter({ keyGenerator: () => '' }).guard(server, undefined, { beforeMiddleware: true })
    await withListeningServer(server, async (port) => {
      const [response] = await sendRaw(port, rawGet('/', UPGRADE))
      expect([response?.status, response?.body]).toEqual([500, '{"error":"internal_error"}'])
    })
    expect(reached).toEqual([])
    expect(await warnings.messages()).toEqual([
      "The guard of a server refused a request, since the limiter failed: keyGenerator: returned no key, got ''. " +
        'Return a string that is not empty. Its third argument is the key of the client address. ' +
        documentedAt('invalid_result'),
    ])
  })

  it('closes the connection of an upgrade that was pipelined behind an unfinished response', async () => {
    const limiter = createRateLimiter({ read: 9 })
    const server = http.createServer((req, res) =>
      limiter(req, res, () => void req.socket.once('close', () => res.end('late'))),
    )
    server.on('upgrade', (_req, socket) => socket.end('reached the handler'))
    limiter.guard(server)
    await withListeningServer(server, async (port) => {
      expect(await sendRaw(port, rawGet('/') + rawGet('/', UPGRADE))).toEqual([])
    })
  })

  it('uses the setting trust proxy of the Express app of the server', async () => {
    const app = express()
    app.set('trust proxy', 'loopback')
    const server = http.createServer(app)
    server.on('upgrade', (_req, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n'),
    )
    createRateLimiter({ read: 1 }).guard(server)
    await withListeningServer(server, async (port) => {
      const upgradeFrom = (address: string): string =>
        rawGet('/', [...UPGRADE, `X-Forwarded-For: ${address}`])
      expect(await statusesOf(2, port, upgradeFrom('203.0.113.7'))).toEqual([101, 429])
      expect(await statusesOf(1, port, upgradeFrom('203.0.113.8'))).toEqual([101])
    })
  })

  it('passes the request and response of Express to functions of the options', async () => {
    const server = http.createServer(express())
    server.on('upgrade', (_req, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n'),
    )
    createRateLimiter({
      read: 1,
      skip: (req) => req.get('x-internal') === '1',
      keyGenerator: (req, res, clientKey) => req.ip ?? res.locals.user ?? clientKey,
      handler: (_req, res) => {
        res.status(429).json({ error: 'too many upgrades' })
      },
    }).guard(server, undefined, { beforeMiddleware: true })
    await withListeningServer(server, async (port) => {
      expect(await statusesOf(2, port, rawGet('/', [...UPGRADE, 'X-Internal: 1']))).toEqual([101, 101])
      expect(await statusesOf(1, port, rawGet('/', UPGRADE))).toEqual([101])
      const [refused] = await sendRaw(port, rawGet('/', UPGRADE))
      expect([refused?.status, refused?.body]).toEqual([429, '{"error":"too many upgrades"}'])
    })
  })

  it('closes the connection if the last handler was removed while the limiter waited', async () => {
    const server = http.createServer()
    server.once('upgrade', (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    let waiting = 0
    let decide: (isSkipped: boolean) => void = () => undefined
    const allWait = new Promise<boolean>((resolve) => {
      decide = resolve
    })
    const skip = (): Promise<boolean> => {
      waiting++
      if (waiting === 3) decide(false)
      return allWait
    }
    createRateLimiter({ skip }).guard(server, undefined, { beforeMiddleware: true })
    await withListeningServer(server, async (port) => {
      const answers = await Promise.all([1, 2, 3].map(() => sendRaw(port, rawGet('/', UPGRADE), 99)))
      expect(answers.map((responses) => responses.length).sort()).toEqual([0, 0, 1])
    })
  })

  it('allows real WebSockets, and refuses them with a status', async () => {
    const server = http.createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
    createRateLimiter({ read: 1 }).guard(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const first = new WebSocket(url)
    await new Promise((resolve) => first.once('open', resolve))
    first.send('hello')
    expect(String(await new Promise((resolve) => first.once('message', resolve)))).toBe('echo hello')
    const refused = new WebSocket(url)
    const error = await new Promise<Error>((resolve) => refused.once('error', resolve))
    expect(error.message).toBe('Unexpected server response: 429')
    first.terminate()
    sockets.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

function slowStore(): FaultyStore {
  const store = new FaultyStore(new MemoryStore())
  store.fail({ kind: 'late', delayMs: 20 })
  return store
}
