import http from 'node:http'
import express, { type Express } from 'express'
import request from 'supertest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { type Dashboard, type DashboardOptions, dashboard } from '../../../src/tools/dashboard/index.ts'
import type { LimiterState, Snapshot } from '../../../src/tools/dashboard/snapshot.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { listening } from '../../support/http/listening.ts'
import { thrownBy } from '../../support/thrown-by.ts'

interface Made {
  readonly app: Express
  readonly limiter: RateLimiter
  readonly page: Dashboard
  readonly clock: FakeClock
}

function made(
  options: DashboardOptions = {},
  limits: RateLimiterOptions = {},
  framework: typeof express = express,
): Made {
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
    const asked = http.get({ port, host: '127.0.0.1', path: '/limits/events', agent: false }, (response) => {
      let text = ''
      response.on('error', () => undefined)
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const event = /^data: (.*)\n\n/m.exec(text)
        if (event?.[1] !== undefined) resolve({ response, snapshot: JSON.parse(event[1]) as Snapshot })
      })
      response.on('end', () => resolve({ response, snapshot: { limiters: [] } }))
    })
    asked.on('error', reject)
  })
}

async function stateOf(app: Express): Promise<LimiterState> {
  return listening(app, async (port) => {
    const { response, snapshot } = await openStream(port)
    response.destroy()
    const [state] = snapshot.limiters
    if (state === undefined) throw new Error('no limiter in the snapshot')
    return state
  })
}

describe.each(EXPRESS_VERSIONS)('the page on %s', (_name, framework) => {
  it('is served with its files, and its address gets a slash that its links need', async () => {
    const { app } = made({}, {}, framework)
    await listening(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      const moved = await api.get('/limits?a=b?c').expect(302)
      expect(moved.headers.location).toBe('./limits/?a=b?c')
      const { text, headers } = await api
        .get('/limits/')
        .expect(200)
        .expect('Content-Type', /^text\/html/)
      const linked = [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, link]) => link)
      expect(linked).toEqual(['icon.svg', 'page.css', 'page.js'])
      for (const link of linked) await api.get(`/limits/${link}`).expect(200)
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
    const { app } = made({}, {}, framework)
    await listening(app, async (port) => {
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
    const { app: inner } = made({}, {}, framework)
    const outer = framework()
    outer.use('/inner', inner)
    await listening(outer, async (port) => {
      const { body } = await request(`http://127.0.0.1:${port}`).get('/inner/limits/routes').expect(200)
      expect(body.routes).toContainEqual(
        expect.objectContaining({ path: expect.stringContaining('(no route') }),
      )
    })
    const { app } = made({}, {}, framework)
    await listening(app, async (port) => {
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

  it('sends what became of requests, and masks who sent them', async () => {
    const { app, limiter, clock } = made({}, { ban: { after: 3, withinSec: 60, forSec: 600 } }, framework)
    for (let count = 0; count < 12; count++) await limiter.consume('203.0.113.7', { class: 'write' })
    await limiter.consume('198.51.100.1')
    clock.advance(1000)
    const state = await stateOf(app)
    expect([state.admitted.at(-1), state.refused.at(-1)]).toEqual([11, 2])
    expect(state.busiest[0]).toMatchObject({
      client: { text: '203.0.113.x' },
      least: 12,
      most: 12,
      budget: { remaining: 0, limit: 10, requestClass: 'write' },
      isBanned: false,
    })
    expect(state.busiest.map(({ most }) => most)).toEqual([12, 1, 1])
    expect(state.mostRefused).toHaveLength(1)
    await limiter.consume('203.0.113.7', { class: 'write' })
    const after = await stateOf(app)
    expect(after.bans).toEqual([{ client: after.busiest[0]?.client, endsInSec: 600 }])
    expect(after.busiest[0]?.isBanned).toBe(true)
    expect(JSON.stringify(after)).not.toMatch(/203\.0\.113\.7|198\.51\.100\.1/)
    await limiter.unblock('203.0.113.7')
    expect((await stateOf(app)).banCount).toBe(0)
  })
})

describe('who may look', () => {
  const PATHS = ['', '/', '/page.js', '/page.css', '/icon.svg', '/routes', '/events', '/other']

  it('is decided by authorize for every path; anything but true refuses', async () => {
    for (const answer of [false, undefined, 1, 'yes', Promise.resolve(false)]) {
      const { app } = made({ authorize: () => answer as boolean })
      await listening(app, async (port) => {
        for (const path of PATHS) {
          await request(`http://127.0.0.1:${port}`).get(`/limits${path}`).expect(403, '{"error":"forbidden"}')
        }
      })
    }
  })

  it('may be anybody whom authorize lets in, through a proxy or not', async () => {
    const { app } = made({ authorize: async (req) => req.get('x-team') === 'ops' })
    await listening(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      await api
        .get('/limits/')
        .set({ 'X-Team': 'ops', 'X-Forwarded-For': '203.0.113.7', Host: 'a.example' })
        .expect(200)
      await api.get('/limits/').expect(403)
    })
  })

  it('is this machine without it: a foreign host name and a proxied request get 403', async () => {
    const { app } = made()
    await listening(app, async (port) => {
      const api = request(`http://127.0.0.1:${port}`)
      for (const path of PATHS) {
        await api.get(`/limits${path}`).set('Host', 'rebound.example').expect(403, { error: 'forbidden' })
        await api
          .get(`/limits${path}`)
          .set('X-Forwarded-For', '127.0.0.1')
          .expect(403, { error: 'forbidden' })
      }
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
  ])('goes to the error handler when authorize %s', async (_how, authorize) => {
    const { app } = made({ authorize })
    const seen: unknown[] = []
    app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      seen.push(error)
      res.status(500).end()
    })
    await listening(app, async (port) => {
      await request(`http://127.0.0.1:${port}`).get('/limits/').expect(500)
    })
    expect(seen).toEqual([new Error('no session store')])
  })
})

describe('the streams', () => {
  it('are sixteen at most, and one that is closed makes room', async () => {
    const { app } = made()
    await listening(app, async (port) => {
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
    const { app, limiter } = made()
    await listening(app, async (port) => {
      const { response } = await openStream(port)
      await limiter.block('203.0.113.7', 60)
      const next = await new Promise<string>((resolve) =>
        response.once('data', (data: Buffer) => resolve(`${data}`)),
      )
      expect((JSON.parse(next.slice('data: '.length)) as Snapshot).limiters[0]?.banCount).toBe(1)
    })
  })

  it('end with close(), after which nothing is counted or served', async () => {
    const { app, limiter, page } = made()
    await listening(app, async (port) => {
      const { response } = await openStream(port)
      const ended = new Promise((resolve) => response.once('end', resolve))
      page.close()
      await ended
      await limiter.block('203.0.113.7', 60)
      await request(`http://127.0.0.1:${port}`).get('/limits/events').expect(503)
    })
  })
})

describe('what it is made with', () => {
  it('shows addresses where it is told to, and each limiter by itself', async () => {
    const clock = new FakeClock()
    const [one, other] = ['one', 'other'].map((name) => createRateLimiter({ name, clock }))
    if (one === undefined || other === undefined) throw new Error('no limiters')
    const page = dashboard([one, other], { clock, showAddresses: true })
    onTestFinished(() => page.close())
    await one.consume('203.0.113.7')
    const app = express().use('/limits', page)
    await listening(app, async (port) => {
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

  it('is checked', () => {
    const limiter = createRateLimiter()
    for (const wrong of [[], undefined, {}, () => undefined, [limiter, null]]) {
      const error = thrownBy(() => dashboard(wrong as never))
      expect(error.message).toMatch(
        /^limiters: takes limiters, got .* Give what createRateLimiter\(\) returned/,
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
