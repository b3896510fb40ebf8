import http from 'node:http'
import express, { type Express } from 'express'
import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { createConcurrencyLimiter } from '../../../src/tools/concurrency/index.ts'
import { type Dashboard, type DashboardOptions, dashboard } from '../../../src/tools/dashboard/index.ts'
import type { LimiterState, Snapshot } from '../../../src/tools/dashboard/snapshot.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { type RawResponse, sendRaw } from '../../support/http/raw-http.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { run } from '../concurrency/held-requests.ts'

interface MountedPage {
  readonly app: Express
  readonly limiter: RateLimiter
  readonly page: Dashboard
  readonly clock: FakeClock
}

function mountPage(
  options: DashboardOptions = {},
  limits: RateLimiterOptions = {},
  framework: typeof express = express,
): MountedPage {
  const clock = new FakeClock()
  const limiter = createRateLimiter({ read: 100, write: 10, ...limits, clock })
  const page = dashboard(limiter, { clock, ...options })
  onTestFinished(() => page.close())
  const app = framework()
  app.use(limiter)
  app.get('/orders/:id', (_req, res) => void res.json({}))
  app.use('/limits', page)
  return { app, limiter, page, clock }
}

/** The first event of a stream, and the stream itself. */
function openStream(port: number): Promise<{ response: http.IncomingMessage; snapshot: Snapshot }> {
  return new Promise((resolve, reject) => {
    const clientRequest = http.get(
      { port, host: '127.0.0.1', path: '/limits/events', agent: false },
      (response) => {
        let text = ''
        response.on('error', () => undefined)
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          const event = /^data: (.*)\n\n/m.exec(text)
          if (event?.[1] !== undefined) resolve({ response, snapshot: JSON.parse(event[1]) as Snapshot })
        })
        response.on('end', () => resolve({ response, snapshot: { second: 0, limiters: [] } }))
      },
    )
    clientRequest.on('error', reject)
  })
}

async function stateOf(app: Express): Promise<LimiterState> {
  return withListeningServer(app, async (port) => {
    const { response, snapshot } = await openStream(port)
    response.destroy()
    const [state] = snapshot.limiters
    if (state === undefined) throw new Error('no limiter in the snapshot')
    return state
  })
}

describe.each(EXPRESS_VERSIONS)('the page on %s', (_name, framework) => {
  it('is served with its files, and its address gets the slash that its links need', async () => {
    const { app } = mountPage({}, {}, framework)
    await withListeningServer(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      const moved = await api.get('/limits?a=b?c').expect(302)
      expect(moved.headers.location).toBe('./limits/?a=b?c')
      const { text, headers } = await api
        .get('/limits/')
        .expect(200)
        .expect('Content-Type', /^text\/html/)
      const linked = [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, link]) => link)
      expect(linked).toEqual(['icon.svg', 'page.css', 'tables.css', 'page.js'])
      for (const link of linked) await api.get(`/limits/${link}`).expect(200)
      const { text: script } = await api.get('/limits/page.js').expect('Content-Type', /^text\/javascript/)
      const imported = [...script.matchAll(/^import .* from '\.\/(.+)'$/gm)].map(([, name]) => name)
      expect(imported).toEqual(['chart.js', 'choice.js', 'elements.js', 'routes.js', 'tables.js'])
      for (const name of imported) {
        await api
          .get(`/limits/${name}`)
          .expect(200)
          .expect('Content-Type', /^text\/javascript/)
      }
      expect(text).not.toMatch(/<script>|<style|style=|\son\w+=/)
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      )
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store, no-transform',
      })
      await api.get('/limits/other').expect(404, { error: 'not_found' })
    })
  })

  it('answers HEAD without a body and other methods with 405', async () => {
    const { app } = mountPage({}, {}, framework)
    await withListeningServer(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      for (const path of ['/', '/page.js', '/routes', '/events']) {
        const { text } = await api.head(`/limits${path}`).expect(200)
        expect(text ?? '').toBe('')
        const refused = await api.post(`/limits${path}`).expect(405, { error: 'method_not_allowed' })
        expect(refused.headers.allow).toBe('GET, HEAD')
      }
    })
  })

  it('lists the routes of the outermost app with their limits', async () => {
    const { app: inner } = mountPage({}, {}, framework)
    const outer = framework()
    outer.use('/inner', inner)
    await withListeningServer(outer, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/inner/limits/routes').expect(200)
      expect(body.routes).toContainEqual(
        expect.objectContaining({ path: expect.stringContaining('(no route') }),
      )
    })
    const { app } = mountPage({}, {}, framework)
    await withListeningServer(app, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/limits/routes').expect(200)
      expect(body.routes).toContainEqual({
        method: 'GET',
        path: '/orders/:id',
        limits: '100 in 60 s',
        limiters: 'default',
        state: 'limited',
        why: expect.any(String),
      })
    })
  })

  it('lists the routes of a limiter with calendar windows', async () => {
    const read = { limit: 100, per: 'month', timeZone: 'Europe/Berlin', startsOn: 5 } as const
    const { app } = mountPage({}, { read }, framework)
    await withListeningServer(app, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/limits/routes').expect(200)
      expect(body.routes).toContainEqual(
        expect.objectContaining({ path: '/orders/:id', limits: '100 per month from day 5 (Europe/Berlin)' }),
      )
    })
  })

  it('shows paths without control characters and characters that turn text around (threat 43)', async () => {
    const hostile = '\u001bca\u202eb\u0085\n'
    const { app } = mountPage({}, {}, framework)
    app.get(`/files/${hostile}`, (_req, res) => void res.end())
    const shown = '\ufffdca\ufffdb\ufffd\ufffd'
    await withListeningServer(app, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/limits/routes').expect(200)
      expect(body.routes).toContainEqual(expect.objectContaining({ path: `/files/${shown}` }))
    })
  })

  it('sends the outcomes of requests, with masked clients', async () => {
    const { app, limiter, clock } = mountPage(
      {},
      { ban: { after: 3, withinSec: 60, forSec: 600 } },
      framework,
    )
    for (let count = 0; count < 12; count++) await limiter.consume('203.0.113.7', { class: 'write' })
    await limiter.consume('198.51.100.1', { class: 'read' })
    clock.advance(1000)
    const state = await stateOf(app)
    expect([state.allowed.at(-1), state.refused.at(-1)]).toEqual([11, 2])
    expect(state.busiest[0]).toMatchObject({
      client: { text: '203.0.113.x' },
      minCount: 12,
      maxCount: 12,
      budget: { remaining: 0, limit: 10, requestClass: 'write' },
      isBanned: false,
    })
    expect(state.busiest.map(({ maxCount }) => maxCount)).toEqual([12, 1, 1])
    expect(state.mostRefused).toHaveLength(1)
    await limiter.consume('203.0.113.7', { class: 'write' })
    const after = await stateOf(app)
    expect(after.bans).toEqual([{ client: after.busiest[0]?.client, endsInSec: 600 }])
    expect(after.busiest[0]?.isBanned).toBe(true)
    expect(JSON.stringify(after)).not.toMatch(/203\.0\.113\.7|198\.51\.100\.1/)
    await limiter.unblock('203.0.113.7')
    expect((await stateOf(app)).banCount).toBe(0)
  })

  it('sends what a limiter counts, and whether it settles', async () => {
    const { app, limiter } = mountPage(
      {},
      { read: undefined, write: undefined, limit: 500, unit: 'tokens', settles: true },
      framework,
    )
    await limiter.consume('203.0.113.7', { cost: 30 })
    const state = await stateOf(app)
    expect(state).toMatchObject({ unit: 'tokens', settles: true })
    expect(state).not.toHaveProperty('inFlight')
    expect(state.busiest.map(({ budget }) => budget)).toContainEqual({
      remaining: 470,
      limit: 500,
      unit: 'tokens',
      requestClass: 'any',
    })
    await withListeningServer(app, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/limits/routes').expect(200)
      const limits = body.routes.map((route: { limits: string }) => route.limits)
      expect(limits).toContain('read 500 tokens in 60 s; write 500 tokens in 60 s')
    })
  })

  it('sends what runs and what waits at a concurrency limiter', async () => {
    const exports = createConcurrencyLimiter({
      limit: 2,
      queue: { size: 5, timeoutMs: 60_000 },
      trustProxy: false,
    })
    const page = dashboard(exports)
    onTestFinished(async () => {
      page.close()
      await exports.close()
    })
    const app = framework()
    app.get('/export', exports, (_req, res) => void res.end())
    app.use('/limits', page)
    for (let request = 0; request < 3; request++) run(exports)
    const state = await stateOf(app)
    expect(state).toMatchObject({ name: 'concurrency', settles: false, inFlight: { running: 2, waiting: 1 } })
    expect(state.busiest[0]?.budget).toMatchObject({ remaining: 0, limit: 2, unit: 'places' })
    await withListeningServer(app, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/limits/routes').expect(200)
      expect(body.routes).toContainEqual(expect.objectContaining({ path: '/export', limits: '2 at once' }))
    })
  })
})

const PATHS = ['', '/', '/page.js', '/page.css', '/icon.svg', '/routes', '/events', '/other']

describe('access to the page', () => {
  it('is decided by authorize for every path; any result but true refuses', async () => {
    for (const answer of [false, undefined, 1, 'yes', Promise.resolve(false)]) {
      const { app } = mountPage({ authorize: () => answer as boolean })
      await withListeningServer(app, async (port) => {
        for (const path of PATHS) {
          await request(`http://127.0.0.1:${port}`).get(`/limits${path}`).expect(403, '{"error":"forbidden"}')
        }
      })
    }
  })

  it('is allowed for every request that authorize accepts, through a proxy or not', async () => {
    const { app } = mountPage({ authorize: async (req) => req.get('x-team') === 'ops' })
    await withListeningServer(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      await api
        .get('/limits/')
        .set({ 'X-Team': 'ops', 'X-Forwarded-For': '203.0.113.7', Host: 'a.example' })
        .expect(200)
      await api.get('/limits/').expect(403)
    })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no session store')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no session store'))],
  ])('passes the error to the error handler when authorize %s', async (_how, authorize) => {
    const { app } = mountPage({ authorize })
    const seen: unknown[] = []
    app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      seen.push(error)
      res.status(500).end()
    })
    await withListeningServer(app, async (port) => {
      await request(`http://127.0.0.1:${port}`).get('/limits/').expect(500)
    })
    expect(seen).toEqual([new Error('no session store')])
  })
})

/** Requests as they arrive through a proxy on this machine that adds no header, for `curl http://<proxy>/limits/`. */
const SILENT_PROXIES = [
  [
    'nginx before 1.29.7',
    'HTTP/1.0',
    ['Host: 127.0.0.1:PORT', 'Connection: close', 'User-Agent: curl/8.16.0'],
  ],
  ['nginx since 1.29.7', 'HTTP/1.1', ['Host: 127.0.0.1:PORT', 'User-Agent: curl/8.16.0', 'Accept: */*']],
  ['HAProxy', 'HTTP/1.1', ['host: localhost:PORT', 'user-agent: curl/8.16.0', 'accept: */*']],
] as const

describe.each(EXPRESS_VERSIONS)('access without authorize on %s (threat 40)', (_name, framework) => {
  const expectRefused = (status: number | undefined, body: unknown, reason: string | RegExp): void => {
    const { error, message } = body as { error: string; message: string }
    expect([status, error]).toEqual([403, 'forbidden'])
    expect(message).toMatch(
      /^Without the option authorize, the live page is served only to a browser on this/,
    )
    expect(message).toMatch(
      /Decide who may see the page: dashboard\(limiter, \{ authorize: \(req\) => .* \}\)\.$/,
    )
    expect(message).toMatch(reason)
  }

  it('is refused, with what to do, for a foreign host and for a request with a header of a proxy', async () => {
    const { app } = mountPage({}, {}, framework)
    await withListeningServer(app, async (port) => {
      for (const path of PATHS) {
        for (const [name, value, reason] of [
          ['Host', 'rebound.example', 'its header "host" is not localhost'],
          ['X-Forwarded-For', '127.0.0.1', 'a proxy may have added its header "x-forwarded-for"'],
          ['Fly-Region', 'ams', 'a proxy may have added its header "fly-region"'],
        ] as const) {
          const { status, body } = await request(`http://127.0.0.1:${port}`)
            .get(`/limits${path}`)
            .set(name, value)
          expectRefused(status, body, reason)
        }
      }
    })
  })

  it('is refused in production', async () => {
    const { app } = mountPage({}, {}, framework)
    vi.stubEnv('NODE_ENV', 'production')
    onTestFinished(() => void vi.unstubAllEnvs())
    await withListeningServer(app, async (port) => {
      for (const path of PATHS) {
        const { status, body } = await request(`http://127.0.0.1:${port}`).get(`/limits${path}`)
        expectRefused(status, body, 'NODE_ENV is "production"')
      }
    })
  })

  it.each(SILENT_PROXIES)('is refused for what %s passes on', async (proxy, version, lines) => {
    const { app } = mountPage({}, {}, framework)
    await withListeningServer(app, async (port) => {
      const ask = (path: string): Promise<RawResponse[]> =>
        sendRaw(
          port,
          [`GET /limits${path} ${version}`, ...lines, '', ''].join('\r\n').replace('PORT', `${port}`),
        )
      for (const path of ['/events', '/routes']) {
        const [answer] = await ask(path)
        expectRefused(answer?.status, JSON.parse(answer?.body ?? ''), /HTTP\/1\.0|"connection"/)
      }
      // The files hold no figures: a client that removes Connection may have them, a request of nginx may not.
      expect((await ask('/')).map(({ status }) => status)).toEqual([proxy.includes('before') ? 403 : 200])
    })
  })
})

describe.each(EXPRESS_VERSIONS)('a request of another site on %s (threat 40)', (_name, framework) => {
  it.each([
    ['without authorize', {}],
    ['with authorize', { authorize: () => true }],
  ])('gets no stream and no figures, %s', async (_how, options) => {
    const { app } = mountPage(options, {}, framework)
    await withListeningServer(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      for (const headers of [
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:5173' },
        { Origin: 'http://evil.example' },
        { Origin: 'null' },
        { Referer: 'http://evil.example/' },
      ]) {
        for (const path of ['/events', '/routes']) {
          await api.get(`/limits${path}`).set(headers).expect(403, {
            error: 'forbidden',
            message: 'Only the live page itself may ask for this. Open the live page in the browser.',
          })
        }
        // A link on another site may lead to the page, which shows nothing by itself.
        await api.get('/limits/').set(headers).expect(200)
      }
    })
  })
})

describe('the streams', () => {
  it('are sixteen at most, and a closed stream makes room for another', async () => {
    const { app } = mountPage()
    await withListeningServer(app, async (port) => {
      const open = await Promise.all(Array.from({ length: 16 }, () => openStream(port)))
      const full = await request(`http://127.0.0.1:${port}`).get('/limits/events').expect(503)
      expect([full.body, full.headers['retry-after']]).toEqual([{ error: 'too_many_streams' }, '5'])
      open[0]?.response.destroy()
      let status = 503
      while (status === 503) {
        const { response } = await openStream(port)
        status = response.statusCode ?? 0
      }
      expect(status).toBe(200)
    })
  })

  it('send a new snapshot every second', async () => {
    const { app, limiter } = mountPage()
    await withListeningServer(app, async (port) => {
      const { response } = await openStream(port)
      await limiter.block('203.0.113.7', 60)
      // A snapshot from before the ban may still be on its way.
      const banCounts: (number | undefined)[] = []
      await new Promise<void>((resolve) => {
        response.on('data', (data: Buffer) => {
          const snapshot = JSON.parse(`${data}`.slice('data: '.length)) as Snapshot
          banCounts.push(snapshot.limiters[0]?.banCount)
          if (banCounts.at(-1) === 1) resolve()
        })
      })
      expect(banCounts.filter((count) => count !== 0)).toEqual([1])
    })
  })

  it('end with close(); after it nothing is counted or served', async () => {
    const { app, limiter, page } = mountPage()
    await withListeningServer(app, async (port) => {
      const { response } = await openStream(port)
      const ended = new Promise((resolve) => response.once('end', resolve))
      page.close()
      await ended
      await limiter.block('203.0.113.7', 60)
      await request(`http://127.0.0.1:${port}`).get('/limits/events').expect(503)
    })
  })
})

describe('the arguments of dashboard()', () => {
  it('show addresses with showAddresses, and each limiter separately', async () => {
    const clock = new FakeClock()
    const [one, other] = ['one', 'other'].map((name) => createRateLimiter({ name, clock }))
    if (one === undefined || other === undefined) throw new Error('no limiters')
    const page = dashboard([one, other], { clock, showAddresses: true })
    onTestFinished(() => page.close())
    await one.consume('203.0.113.7', { class: 'read' })
    const app = express().use('/limits', page)
    await withListeningServer(app, async (port) => {
      const { response, snapshot } = await openStream(port)
      response.destroy()
      expect(
        snapshot.limiters.map(({ name, busiest }) => [name, busiest.map(({ client }) => client)]),
      ).toEqual([
        ['one', [{ text: '203.0.113.7', tag: '' }]],
        ['other', []],
      ])
      expect(snapshot.limiters[0]?.health).toMatchObject({ state: 'closed', lateReplies: 0 })
    })
  })

  it('are checked', () => {
    const limiter = createRateLimiter()
    for (const wrong of [[], undefined, {}, () => undefined, [limiter, null]]) {
      const error = thrownBy(() => dashboard(wrong as never))
      expect(error.message).toMatch(
        /^limiters: takes one or more limiters, got .* Give a limiter that createRateLimiter\(\) returned/,
      )
    }
    expect(thrownBy(() => dashboard(limiter, { authorize: 'me' as never })).message).toMatch(
      /^dashboard\.authorize: takes a function/,
    )
    expect(thrownBy(() => dashboard(limiter, { showAddresses: 1 as never })).message).toMatch(
      /^dashboard\.showAddresses: takes a boolean/,
    )
    expect(thrownBy(() => dashboard(limiter, { clock: 1 as never })).message).toMatch(
      /^dashboard\.clock: takes a clock/,
    )
    expect(thrownBy(() => dashboard(limiter, { showAdresses: true } as never)).message).toMatch(
      /is not an option.*showAddresses/,
    )
  })
})
