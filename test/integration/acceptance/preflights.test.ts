import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

const PREFLIGHT = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT' }

describe.each(EXPRESS_VERSIONS)('preflights on %s', (_name, express) => {
  function limitedApp(options: RateLimiterOptions = {}) {
    const app = express()
    app.use(createRateLimiter({ limit: 2, preflight: 2, ...options }))
    app.use((req, res) => void res.status(204).set('X-Class', String(req.rateLimit?.class)).end())
    const preflight = (headers: object = {}) =>
      request(app)
        .options('/')
        .set({ ...PREFLIGHT, ...headers })
    return { app, preflight }
  }

  it('have a budget of their own, and take nothing from that of requests', async () => {
    const { app, preflight } = limitedApp()
    for (const remaining of ['1', '0']) {
      const { headers } = await preflight().expect(204)
      expect(headers).toMatchObject({ 'x-class': 'preflight', 'x-ratelimit-remaining': remaining })
    }
    await preflight().expect(429)
    expect((await request(app).put('/').expect(204)).headers['x-ratelimit-remaining']).toBe('1')
  })

  it.each([
    ['no Origin', { Origin: '' }, 'any'],
    ['no Access-Control-Request-Method', { 'Access-Control-Request-Method': '' }, 'any'],
    ['a method override', { 'X-HTTP-Method-Override': 'PUT' }, 'any'],
    ['both', {}, 'preflight'],
  ])('are OPTIONS requests with %s: %o is of the class %s', async (_what, headers, expected) => {
    const { preflight } = limitedApp()
    expect((await preflight(headers).expect(204)).headers['x-class']).toBe(expected)
  })

  it('are charged to the address: no keyGenerator, plan, cost or classify is asked', async () => {
    const asked = { keyGenerator: vi.fn(() => 'user'), plan: vi.fn(() => 'free'), cost: vi.fn(() => 2) }
    const classify = vi.fn(() => 'read' as const)
    const { app, preflight } = limitedApp({
      limit: undefined,
      plans: { free: { read: 9 } },
      ...asked,
      classify,
    })
    await preflight().expect(204)
    for (const callback of [...Object.values(asked), classify]) expect(callback).not.toHaveBeenCalled()
    expect((await preflight().expect(204)).headers['x-ratelimit-remaining']).toBe('0')
    expect((await request(app).get('/').expect(204)).headers['x-ratelimit-remaining']).toBe('7')
  })

  it('are bound by lists and bans, and their refusals lead to no ban', async () => {
    const ban = { after: 2, withinSec: 60, forSec: 600 }
    const { app, preflight } = limitedApp({ ban })
    for (const status of [204, 204, 429, 429, 429]) await preflight().expect(status)
    await request(app).get('/').expect(204)
    await request(app).get('/').expect(204)
    for (const _ of [1, 2]) await request(app).get('/').expect(429)
    expect((await preflight().expect(429)).headers['retry-after']).toBe('600')
    await limitedApp({ denyList: ['127.0.0.1'] })
      .preflight()
      .expect(403)
    const allowed = limitedApp({ allowList: ['127.0.0.1'], preflight: 0 })
    await allowed.preflight().expect(204)
  })

  it('are not given back where successful requests are', async () => {
    const { preflight } = limitedApp({ skipSuccessfulRequests: true })
    for (const status of [204, 204, 429]) await preflight().expect(status)
  })

  it('are ordinary reads with false', async () => {
    const { app, preflight } = limitedApp({ preflight: false })
    expect((await preflight().expect(204)).headers['x-class']).toBe('any')
    await request(app).get('/').expect(204)
    await preflight().expect(429)
  })

  it('are limited to 1000 in a window by default, and not where nothing else is', async () => {
    const byDefault = limitedApp({ preflight: undefined })
    expect((await byDefault.preflight()).headers['x-ratelimit-limit']).toBe('1000')
    const unlimited = limitedApp({ limit: false, preflight: undefined })
    expect((await unlimited.preflight()).headers).not.toHaveProperty('x-ratelimit-limit')
  })
})
