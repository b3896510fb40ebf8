import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { MemoryStore, type RateLimiterError } from '../../../src/index.ts'
import { LIMITER_DESCRIPTION } from '../../../src/limits/limiter-description.ts'
import {
  type ConcurrencyLimiter,
  type ConcurrencyLimiterOptions,
  createConcurrencyLimiter,
} from '../../../src/tools/concurrency/index.ts'
import { exchange } from '../../request/exchange.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { recorded } from '../../support/recorded-events.ts'
import { until } from '../../support/redis/until.ts'
import { thrownBy, withoutAddress } from '../../support/thrown-by.ts'
import { abortMany, appWith, close, resetConnections, run } from './held-requests.ts'

describe('a concurrency limiter', () => {
  it('lets so many requests of a client run at a time, whatever their methods', () => {
    const limiter = createConcurrencyLimiter({ limit: 2, trustProxy: false })
    const [first, second, third] = [run(limiter), run(limiter, '192.0.2.1', 'POST'), run(limiter)]
    expect([first.ran, second.ran, third.ran]).toEqual([true, true, false])
    expect(third.statusCode).toBe(429)
    expect(third.getHeader('Retry-After')).toBe('1')
    expect(run(limiter, '192.0.2.2').ran).toBe(true)
    expect(limiter.inFlight).toBe(3)
    close(second)
    expect(limiter.inFlight).toBe(2)
    expect(run(limiter).ran).toBe(true)
    expect(run(limiter).ran).toBe(false)
  })

  it('gives a place back once, however often the response closes', () => {
    const limiter = createConcurrencyLimiter({ limit: 2, trustProxy: false })
    const first = run(limiter)
    run(limiter)
    close(first)
    close(first)
    expect(limiter.inFlight).toBe(1)
    expect([run(limiter).ran, run(limiter).ran]).toEqual([true, false])
  })

  it('gives a place back when a response finishes that never closes, as behind an adapter for functions', () => {
    const limiter = createConcurrencyLimiter({ limit: 1, trustProxy: false })
    const res = run(limiter)
    res.emit('finish')
    expect(limiter.inFlight).toBe(0)
    close(res)
    expect(limiter.inFlight).toBe(0)
  })

  it('holds nothing after 1000 requests that were aborted', () => {
    const limiter = createConcurrencyLimiter({ limit: 2, trustProxy: false })
    // Ten requests are the third of their client, except two among the first 250 requests.
    expect(abortMany(limiter, 1000)).toEqual({ refused: 8, mostInFlight: 500 })
    expect(limiter.inFlight).toBe(0)
    expect((limiter.store as { size?: number }).size).toBe(0)
  })

  it('gives the place back at once if the response has closed before the answer is known', async () => {
    const limiter = createConcurrencyLimiter({
      limit: 1,
      trustProxy: false,
      keyGenerator: async (_req, _res, key) => key,
    })
    const res = run(limiter)
    res.destroy()
    close(res)
    await until('the request has passed', () => res.ran)
    expect(limiter.inFlight).toBe(0)
  })

  it('has one name for what it counts, on the request, in problem details and in headers', () => {
    const limiter = createConcurrencyLimiter({
      ...{ limit: 1, trustProxy: false, problemDetails: true, standardHeaders: true },
    })
    const { req, res } = exchange('GET', '192.0.2.1')
    limiter(req, res, () => undefined)
    expect((req as { concurrency?: unknown }).concurrency).toMatchObject({ unit: 'concurrent-requests' })
    expect(res.getHeader('RateLimit-Policy')).toBe('"concurrency-any";q=1;qu="concurrent-requests"')
    const { refusal } = limiter[LIMITER_DESCRIPTION]
    expect(refusal.body).toMatchObject({
      text: expect.stringContaining('"quota-unit":"concurrent-requests"'),
    })
  })

  it('sends no headers by default, and those of draft 11 if it is to', () => {
    const quiet = run(createConcurrencyLimiter({ limit: 2, trustProxy: false }))
    expect(quiet.getHeaderNames()).toEqual([])
    const open = run(createConcurrencyLimiter({ limit: 2, trustProxy: false, standardHeaders: true }))
    expect(open.getHeader('RateLimit-Policy')).toBe('"concurrency-any";q=2;qu="concurrent-requests"')
    expect(open.getHeader('RateLimit')).toBe('"concurrency-any";r=1')
  })

  it('has limits for reads and writes apart, and a method override needs a place in both', () => {
    const limiter = createConcurrencyLimiter({ read: 2, write: 1, trustProxy: false })
    expect([run(limiter).ran, run(limiter, '192.0.2.1', 'POST').ran]).toEqual([true, true])
    expect(run(limiter, '192.0.2.1', 'POST').ran).toBe(false)
    const { req, res } = exchange('GET', '192.0.2.1')
    req.headers['x-http-method-override'] = 'DELETE'
    let ran = false
    limiter(req, res, () => {
      ran = true
    })
    expect(ran).toBe(false)
    // The read place of the refused request is free.
    expect(run(limiter).ran).toBe(true)
  })

  it('has limits by plan, and functions get the request and the response', () => {
    const seen: unknown[] = []
    const limiter = createConcurrencyLimiter({
      plans: { free: 1, pro: 2, staff: false },
      plan: (req, res) => {
        seen.push(res)
        return req.method === 'POST' ? 'pro' : 'free'
      },
      trustProxy: false,
    })
    const first = run(limiter)
    expect([first.ran, run(limiter).ran, run(limiter, '192.0.2.1', 'POST').ran]).toEqual([true, false, true])
    expect(seen[0]).toBe(first)
  })

  it('passes a plan that does not exist to next', () => {
    const limiter = createConcurrencyLimiter({ plans: { free: 1 }, plan: () => 'gold', trustProxy: false })
    const { req, res } = exchange()
    let passed: unknown
    limiter(req, res, (error) => {
      passed = error
    })
    expect((passed as RateLimiterError).code).toBe('unknown_plan')
    expect(String(withoutAddress(passed as RateLimiterError))).toBe(
      "RateLimiterError: plan: returned a name that is not in plans, got 'gold'. Return one of 'free'.",
    )
    expect(limiter.inFlight).toBe(0)
  })

  it('counts the places of a client in all its plans together', () => {
    const limiter = createConcurrencyLimiter({
      plans: { free: 1, pro: 2 },
      plan: (req) => (req.method === 'POST' ? 'pro' : 'free'),
      trustProxy: false,
    })
    expect([run(limiter).ran, run(limiter, '192.0.2.1', 'POST').ran, run(limiter).ran]).toEqual([
      true,
      true,
      false,
    ])
    expect(run(limiter, '192.0.2.1', 'POST').ran).toBe(false)
  })

  it('shows with peek what a client has left, by plan, and takes nothing', async () => {
    const limiter = createConcurrencyLimiter({
      plans: { free: 2, pro: 5 },
      plan: () => 'free',
      trustProxy: false,
    })
    run(limiter)
    for (const [plan, remaining] of [
      ['free', 1],
      ['free', 1],
      ['pro', 4],
    ] as const) {
      const { allowed, limits } = await limiter.peek('192.0.2.1', { plan })
      expect([allowed, limits[0]?.remaining]).toEqual([true, remaining])
    }
    run(limiter)
    expect(await limiter.peek('::ffff:192.0.2.1', { plan: 'free' })).toMatchObject({
      allowed: false,
      retryAfterMs: 1000,
    })
    expect(limiter.inFlight).toBe(2)
  })

  it('asks a limit that is a function for each request', () => {
    const limiter = createConcurrencyLimiter({
      limit: (req) => (req.method === 'POST' ? 2 : 1),
      trustProxy: false,
    })
    expect([run(limiter).ran, run(limiter).ran, run(limiter, '192.0.2.1', 'POST').ran]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('charges a preflight as any other request', () => {
    const limiter = createConcurrencyLimiter({ limit: 1, trustProxy: false })
    run(limiter)
    const { req, res } = exchange('OPTIONS', '192.0.2.1')
    req.headers.origin = 'https://example.com'
    req.headers['access-control-request-method'] = 'POST'
    limiter(req, res, () => undefined)
    expect(res.statusCode).toBe(429)
    expect(res.getHeader('Access-Control-Expose-Headers')).toContain('Retry-After')
  })

  it('refuses nobody in shadow mode, and publishes what it would do', () => {
    const limiter = createConcurrencyLimiter({
      limit: 1,
      mode: 'shadow',
      queue: { size: 5, timeoutMs: 50 },
      trustProxy: false,
    })
    const decisions = recorded('decision')
    expect([run(limiter).ran, run(limiter).ran]).toEqual([true, true])
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['near', 'shadowed'])
    expect(limiter.inFlight).toBe(1)
  })

  it('counts a request once where it is mounted twice', () => {
    const limiter = createConcurrencyLimiter({ limit: 1, trustProxy: false })
    const { req, res } = exchange()
    let passes = 0
    limiter(req, res, () => limiter(req, res, () => passes++))
    expect(passes).toBe(1)
    expect(limiter.inFlight).toBe(1)
  })
})

describe('the options of a concurrency limiter', () => {
  const create = (options: object) => () => createConcurrencyLimiter(options as ConcurrencyLimiterOptions)

  it.each([
    [{}, 'limit: says how many requests of a client may be in flight, got undefined. Give { limit: 5 }.'],
    [
      { limit: '5' },
      "limit: takes how many requests of a client may be in flight, got '5'. Give a whole number from 0, without quotes, or false for no limit.",
    ],
    [
      { limit: 5, read: 2 },
      'limit and read: cannot both be set. Keep limit for one budget for all methods, or read and write for a budget each.',
    ],
    [
      { plans: { free: 1 } },
      'plans: needs plan, which names the plan of a request. Add plan: (req) => name.',
    ],
    [
      { limit: 1, plan: (): string => 'free' },
      'plan: has no plans to choose from. Add plans, such as { free: 2, pro: 10 }.',
    ],
    [
      { plans: {}, plan: (): string => 'free' },
      'plans: takes an object of plans, got {}. Give { free: 2, pro: 10 }.',
    ],
    [
      { limit: 1, classify: () => 'read' },
      'classify and limit: cannot both be set, because limit is one budget for all classes. Leave classify out, or give read and write instead of limit.',
    ],
    [
      { plans: { free: -1 }, plan: (): string => 'free' },
      'plans.free: takes how many requests of a client may be in flight, got -1. Give a whole number from 0, without quotes, or false for no limit.',
    ],
    [
      { limit: 5, queue: { size: 0, timeoutMs: 10 } },
      'queue.size: takes a whole number, got 0. Give a number from 1 to 999999999999999, without quotes.',
    ],
    [
      { limit: 5, store: 'redis' },
      "store: takes a store of leases, got 'redis'. Give new RedisLeases({ client }) of 'express-tollgate/redis', or leave it out.",
    ],
  ])('reject %o', (options, message) => {
    expect(thrownBy(create(options)).message).toBe(message)
  })

  it('reject a store that counts, and name what is right', () => {
    const error = thrownBy(create({ limit: 5, store: new MemoryStore() }))
    expect(error.message).toMatch(
      /^store: MemoryStore counts charges, and has no leases, got .*Give new RedisLeases/,
    )
  })
})

describe('a queue', () => {
  const queued = (queue: { size: number; timeoutMs: number }): ConcurrencyLimiter =>
    createConcurrencyLimiter({ limit: 1, queue, trustProxy: false })

  it('serves the requests of a client in their order', async () => {
    const limiter = queued({ size: 3, timeoutMs: 60_000 })
    const requests = [run(limiter), run(limiter), run(limiter)]
    const ran = (): boolean[] => requests.map((request) => request.ran)
    expect(ran()).toEqual([true, false, false])
    expect(limiter.waiting).toBe(2)
    for (const [index, request] of requests.entries()) {
      await until('the request runs', () => request.ran)
      expect(ran().filter(Boolean).length).toBe(index + 1)
      close(request)
    }
    expect([limiter.inFlight, limiter.waiting]).toEqual([0, 0])
  })

  it('refuses at once when it is full, and after its time', async () => {
    const limiter = queued({ size: 1, timeoutMs: 20 })
    const first = run(limiter)
    const waiting = run(limiter)
    const refused = run(limiter)
    await until('the queue refuses', () => refused.writableEnded && waiting.writableEnded)
    expect([refused.statusCode, waiting.statusCode, waiting.getHeader('Retry-After')]).toEqual([
      429,
      429,
      '1',
    ])
    expect([limiter.inFlight, limiter.waiting]).toEqual([1, 0])
    close(first)
    expect(limiter.inFlight).toBe(0)
  })

  it('is left by a client that hangs up', async () => {
    const limiter = queued({ size: 5, timeoutMs: 60_000 })
    const first = run(limiter)
    const gone = run(limiter)
    const next = run(limiter)
    gone.destroy()
    close(gone)
    expect(limiter.waiting).toBe(1)
    close(first)
    await until('the next request runs', () => next.ran)
    expect(gone.ran).toBe(false)
    close(next)
    expect([limiter.inFlight, limiter.waiting]).toEqual([0, 0])
  })

  it('refuses those that wait when the limiter is closed', async () => {
    const limiter = queued({ size: 5, timeoutMs: 60_000 })
    run(limiter)
    const waiting = run(limiter)
    await limiter.close()
    await until('the request is refused', () => waiting.writableEnded)
    expect([waiting.statusCode, limiter.waiting]).toEqual([429, 0])
  })
})

describe.each(EXPRESS_VERSIONS)('a concurrency limiter on %s', (_name, express) => {
  it('gives places back after answers, errors, HEAD, on a connection that stays open, and after hang-ups', async () => {
    const limiter = createConcurrencyLimiter({ limit: 2 })
    await withListeningServer(appWith(express, limiter), async (port) => {
      const text = `${rawGet('/')}${rawGet('/broken')}`
      for (let turn = 0; turn < 5; turn++) {
        const statuses = (await sendRaw(port, text, 2)).map(({ status }) => status)
        expect(statuses).toEqual([200, 500])
        await until('all places are free', () => limiter.inFlight === 0)
      }
      const head = http.request({ port, method: 'HEAD' }).end()
      await once(head, 'response')
      await until('all places are free', () => limiter.inFlight === 0)
      const sockets = [net.connect(port), net.connect(port)]
      for (const socket of sockets) socket.write(rawGet('/held'))
      await until('both places are taken', () => limiter.inFlight === 2)
      const [refused] = await sendRaw(port, rawGet('/'))
      expect(refused?.status).toBe(429)
      expect(refused?.headers.get('retry-after')).toBe('1')
      expect(refused?.body).toBe('{"error":"concurrency_limit_exceeded"}')
      for (const socket of sockets) socket.destroy()
      await until('all places are free', () => limiter.inFlight === 0)
    })
  })

  it('gives back the places of pipelined requests whose connection closes, without a warning', async () => {
    const limiter = createConcurrencyLimiter({ limit: 20 })
    const warnings: Error[] = []
    const note = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', note)
    await withListeningServer(appWith(express, limiter), async (port) => {
      const socket = net.connect(port)
      socket.write(rawGet('/held').repeat(20))
      await until('all places are taken', () => limiter.inFlight === 20)
      socket.destroy()
      await until('all places are free', () => limiter.inFlight === 0)
    })
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  it('holds nothing after 100 connections that were reset', async () => {
    await resetConnections(express, 2)
  })
})

describe('the guard of a concurrency limiter', () => {
  it('holds the place of an upgrade until its socket closes', async () => {
    const limiter = createConcurrencyLimiter({ limit: 1, trustProxy: false })
    const server = http.createServer((_req, res) => void res.end('ok'))
    server.on('upgrade', (_req: IncomingMessage, socket) => {
      socket.on('end', () => socket.end()).resume()
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
    })
    limiter.guard(server)
    await withListeningServer(server, async (port) => {
      const upgrade = rawGet('/', ['Connection: Upgrade', 'Upgrade: x'])
      const socket = net.connect(port)
      socket.write(upgrade)
      const [chunk] = await once(socket, 'data')
      expect(String(chunk)).toContain('101 Switching Protocols')
      expect(limiter.inFlight).toBe(1)
      expect((await sendRaw(port, upgrade))[0]?.status).toBe(429)
      expect((await sendRaw(port, rawGet('/')))[0]?.status).toBe(429)
      socket.destroy()
      await until('the place is free', () => limiter.inFlight === 0)
      expect((await sendRaw(port, rawGet('/')))[0]?.status).toBe(200)
    })
  })
})
