import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimitInfo } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

describe.each(EXPRESS_VERSIONS)('one budget for all methods on %s', (_name, express) => {
  it('counts every method, and shows one limit', async () => {
    let info: RateLimitInfo | undefined
    const app = express()
    app.use(createRateLimiter({ limit: 3, standardHeaders: true }))
    app.use((req, res) => {
      info = req.rateLimit
      res.send('ok')
    })
    const first = await request(app).get('/').expect(200)
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'ratelimit-policy': '"any";q=3;w=60',
    })
    expect(info).toMatchObject({ class: 'any', plan: undefined, limit: 3, remaining: 2 })
    await request(app).post('/').expect(200)
    await request(app).delete('/').expect(200)
    for (const refused of [await request(app).get('/'), await request(app).put('/')]) {
      expect(refused.status).toBe(429)
    }
  })

  it('is charged once by a request with a method override', async () => {
    const app = express()
    app.use(createRateLimiter({ limit: 3 }))
    app.use((_req, res) => void res.send('ok'))
    for (const remaining of ['2', '1', '0']) {
      const { headers } = await request(app).get('/').set('X-HTTP-Method-Override', 'DELETE').expect(200)
      expect(headers['x-ratelimit-remaining']).toBe(remaining)
    }
  })

  it('starts anew where read and write take its place', async () => {
    const store = new MemoryStore()
    const appWith = (options: object) => {
      const app = express()
      app.use(createRateLimiter({ store, ...options }))
      return app.use((_req, res) => void res.send('ok'))
    }
    const before = appWith({ limit: 1 })
    await request(before).get('/').expect(200)
    await request(before).get('/').expect(429)
    const after = appWith({ read: 1, write: 1 })
    await request(after).get('/').expect(200)
    await request(after).post('/').expect(200)
    await request(after).get('/').expect(429)
    store.close()
  })

  it('refuses everybody with 0, and nobody with false', async () => {
    for (const [limit, status] of [
      [0, 429],
      [false, 200],
    ] as const) {
      const app = express()
      app.use(createRateLimiter({ limit }))
      app.use((_req, res) => void res.send('ok'))
      await request(app).get('/').expect(status)
      await request(app).post('/').expect(status)
    }
  })
})

describe('one budget without a request', () => {
  it('needs no class, and every class that is named is that budget', async () => {
    const limiter = createRateLimiter({ limit: 4 })
    await limiter.consume('key')
    await limiter.consume('key', { class: 'any' })
    await limiter.consume('key', { class: 'write' })
    expect(await limiter.peek('key')).toMatchObject({ limits: [{ name: 'any', remaining: 1 }] })
    await limiter.reset('key')
    expect(await limiter.peek('key')).toMatchObject({ limits: [{ remaining: 4 }] })
    await limiter.block('key', 60)
    expect(await limiter.peek('key')).toMatchObject({ allowed: false, ban: { isNew: false } })
  })
})
