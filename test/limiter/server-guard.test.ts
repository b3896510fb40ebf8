import { once } from 'node:events'
import { createServer, IncomingMessage, type Server } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import express, { type Request, type Response } from 'express'
import express4Untyped from 'express4'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import type { RateLimiterOptions } from '../../src/options/rate-limiter-options.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Charge, Store } from '../../src/stores/store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { thrownBy, withAddress } from '../support/thrown-by.ts'

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
    createRateLimiter({
      read: 1,
      keyGenerator: (req, res) => {
        seen.push(req.get('x-tenant'), req.ip, req.app === app, req.res === res, res.req === req, res.locals)
        return req.get('x-tenant') ?? 'none'
      },
      handler: (_req, res) => void res.status(418).json({ error: 'teapot' }),
    }).guard(server, app, { beforeMiddleware: true })
    const port = await listening(server)
    const request = UPGRADE.replace('\r\n\r\n', '\r\nX-Tenant: blue\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n')
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    const refused = await answerTo(port, request)
    expect(refused).toMatch(/^HTTP\/1\.1 418 /)
    expect(refused).toMatch(/\r\n\r\n\{"error":"teapot"\}$/)
    const seenOnce = ['blue', '192.0.2.7', true, true, true, {}]
    expect(seen).toEqual([...seenOnce, ...seenOnce])
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

  it.each([
    ['upgrade', UPGRADE],
    ['connect', CONNECT],
  ])(
    'closes the socket of an %s whose client has ended it while the store was asked',
    async (event, request) => {
      const memory = new MemoryStore()
      const server = createServer()
      const handler = vi.fn(accept)
      let socket: Socket | undefined
      server.on('connection', (connected) => {
        socket = connected
      })
      const store: Store = {
        consume: async (charge: Charge) => {
          await vi.waitFor(() => expect(socket?.readableEnded).toBe(true), { timeout: 30_000, interval: 1 })
          return memory.consume(charge)
        },
      }
      server.on(event, handler)
      createRateLimiter({ store }).guard(server)
      const port = await listening(server)
      const client = connect(port, '127.0.0.1', () => client.end(request))
      client.resume()
      await once(client, 'close')
      expect(handler).not.toHaveBeenCalled()
      memory.close()
    },
  )

  it('charges requests before any listener gets them, with their prototypes unchanged where there is no app', async () => {
    const prototypes: unknown[] = []
    const server = createServer((req, res) => {
      prototypes.push(Object.getPrototypeOf(req))
      res.end('ok')
    })
    createRateLimiter({ read: 2 }).guard(server)
    const port = await listening(server)
    const statuses: number[] = []
    for (let turn = 0; turn < 3; turn++) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
      statuses.push(response.status)
      await response.text()
    }
    expect(statuses).toEqual([200, 200, 429])
    expect(prototypes).toEqual([IncomingMessage.prototype, IncomingMessage.prototype])
  })

  it.each(['checkContinue', 'checkExpectation'])('charges a request of the event %s once', async (event) => {
    const server = createServer((_req, res) => res.end('ok'))
    server.on(event, (req, res) => {
      if (event === 'checkContinue') res.writeContinue()
      server.emit('request', req, res)
    })
    createRateLimiter({ write: 1 }).guard(server)
    const port = await listening(server)
    const expectation = event === 'checkContinue' ? '100-continue' : 'something-else'
    const request = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: ${expectation}\r\nContent-Length: 1\r\n\r\nx`
    expect(await answerTo(port, request)).toContain('HTTP/1.1 200 OK')
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 429 /)
  })

  it('finds the app that is added to the server later', async () => {
    const app = express()
    app.set('trust proxy', 'loopback')
    app.get('/', (_req, res) => void res.send('ok'))
    const server = createServer()
    createRateLimiter({ read: 1 }).guard(server)
    server.on('request', app)
    const port = await listening(server)
    const from = (address: string): Promise<string> =>
      answerTo(port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: ${address}\r\n\r\n`)
    expect(await from('192.0.2.1')).toMatch(/^HTTP\/1\.1 200 /)
    expect(await from('192.0.2.2')).toMatch(/^HTTP\/1\.1 200 /)
    expect(await from('192.0.2.2')).toMatch(/^HTTP\/1\.1 429 /)
  })

  it.each<readonly [names: string, options: RateLimiterOptions]>([
    ['keyGenerator', { keyGenerator: () => 'a' }],
    ['cost', { cost: () => 1 }],
    ['skip', { skip: () => false }],
    ['read', { read: () => 5 }],
    ['limit', { limit: () => 5 }],
    ['plan, plans.free.limit', { plan: () => 'free', plans: { free: { limit: () => 5 } } }],
    ['plan', { plan: () => 'free', plans: { free: { limit: 5 } } }],
    ['keyGenerator, cost, write', { keyGenerator: () => 'a', cost: () => 1, write: () => 5 }],
  ])('refuses a limiter with %s, unless it may run before middleware', (names, options) => {
    const guard = (more?: { beforeMiddleware: boolean }): void =>
      createRateLimiter(options).guard(createServer(), undefined, more)
    const error = thrownBy(() => guard())
    expect([error.code, error.message]).toEqual([
      'impossible_combination',
      `${names}: may need what middleware of the app provides, and guard() charges before any middleware runs. ` +
        "Guard the server with a limiter by address, such as createRateLimiter({ name: 'server' }). " +
        'Where the function needs no middleware, pass { beforeMiddleware: true } as the third argument.',
    ])
    expect(() => guard({ beforeMiddleware: false })).toThrow(error.message)
    expect(() => guard({ beforeMiddleware: true })).not.toThrow()
  })

  it('refuses a server of node:http2, what is no server, and what is no app', () => {
    const guard = (server: unknown, app?: unknown): unknown =>
      thrownBy(() => createRateLimiter().guard(server as Server, app as never))
    expect(String(guard(createHttp2Server()))).toBe(
      'RateLimiterError: server: is a server of node:http2, which guard() does not support. ' +
        'Call the limiter in front of your handler: (req, res) => limiter(req, res, () => handler(req, res)). ' +
        'Or let a proxy speak HTTP/2 and forward HTTP/1.1.',
    )
    for (const server of [undefined, null, {}, express()]) {
      expect(String(guard(server))).toMatch(
        /^RateLimiterError: server: takes a server of node:http or node:https, got .*\. Give what app\.listen\(\) returns\.$/s,
      )
    }
    const connectLike = Object.assign(() => undefined, { handle: () => undefined, stack: [] })
    for (const other of [() => undefined, connectLike, express.Router(), express4.Router(), {}, null]) {
      expect(String(guard(createServer(), other))).toMatch(
        /^RateLimiterError: app: takes the Express app of the server, got .*\. Give what express\(\) returned, which a router is not, or leave it out\.$/s,
      )
    }
  })

  it('refuses options that it does not know', () => {
    const guard = (options: unknown): string =>
      String(thrownBy(() => createRateLimiter().guard(createServer(), undefined, options as never)))
    expect(guard({ beforeMidleware: true })).toBe(
      "RateLimiterError: guard.beforeMidleware: is not an option, got true. Did you mean 'beforeMiddleware'? Write beforeMiddleware, or leave it out.",
    )
    expect(guard({ beforeMiddleware: 'yes' })).toBe(
      "RateLimiterError: guard.beforeMiddleware: takes a boolean, got 'yes'. Give true or false, without quotes.",
    )
  })

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])(
    'lets the error handler of %s answer where the limiter fails, and 500 for upgrades',
    async (_name, framework) => {
      const app = framework()
      const reached = vi.fn()
      app.use((_req: Request, _res: Response, next: () => void) => {
        reached()
        next()
      })
      app.use((error: Error, _req: Request, res: Response, _next: () => void) => {
        res.status(502).set('connection', 'close').json({ failed: error.message })
      })
      const server = createServer(app).on('upgrade', accept)
      createRateLimiter({
        keyGenerator: async () => {
          throw new Error('no key')
        },
      }).guard(server, app, { beforeMiddleware: true })
      const port = await listening(server)
      const answer = await answerTo(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(answer).toMatch(/^HTTP\/1\.1 502 /)
      expect(answer).toMatch(/\r\n\r\n\{"failed":"no key"\}$/)
      expect(reached).not.toHaveBeenCalled()
      await emittedBy(async () => {
        expect(await answerTo(port, UPGRADE)).toMatch(/^HTTP\/1\.1 500 /)
      })
    },
  )

  it.each([
    ['skipSuccessfulRequests', 'upgrade', UPGRADE, 101, true],
    ['skipSuccessfulRequests', 'connect', CONNECT, 200, true],
    ['skipSuccessfulRequests', 'upgrade', UPGRADE, 400, false],
    ['skipFailedRequests', 'upgrade', UPGRADE, 400, true],
    ['skipFailedRequests', 'upgrade', UPGRADE, 101, false],
  ] as const)('with %s and an %s answered %#', async (option, event, text, status, isGivenBack) => {
    const statuses: number[] = []
    const limiter = createRateLimiter({
      read: 1,
      write: 1,
      [option]: true,
      requestWasSuccessful: (_req, res) => {
        statuses.push(res.statusCode)
        return res.statusCode < 400
      },
    })
    const server = createServer().on(event, (_req: IncomingMessage, socket: Socket) => {
      socket.end(`HTTP/1.1 ${status} Answer\r\n\r\n`)
    })
    limiter.guard(server)
    const port = await listening(server)
    expect(await answerTo(port, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(statuses).toEqual([status])
    expect(await answerTo(port, text)).toMatch(isGivenBack ? /^HTTP\/1\.1 [1-4]0[01] / : /^HTTP\/1\.1 429 /)
  })

  it('answers 500 where the limiter fails, and warns with the reason', async () => {
    const server = createServer()
    const handler = vi.fn(accept)
    server.on('upgrade', handler)
    createRateLimiter({ keyGenerator: () => '' }).guard(server, undefined, { beforeMiddleware: true })
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
        message: withAddress(
          'invalid_result',
          "The guard of a server refused a request, since the limiter failed: keyGenerator: returned no key, got ''. Return a string that is not empty. Its third argument is the key of the client address.",
        ),
      },
    ])
  })
})
