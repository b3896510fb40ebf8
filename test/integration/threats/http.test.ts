import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions, type Store } from '../../../src/index.ts'
import { FaultyStore } from '../../../src/tools/testing/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { collectWarnings } from '../../support/http/warnings.ts'

const warnings = collectWarnings()

describe.each(EXPRESS_VERSIONS)('HTTP on %s', (_name, express) => {
  it.each([
    ['skip', { skip: throwError }],
    ['async skip', { skip: async () => throwError() }],
    ['classify', { classify: throwError }],
    ['keyGenerator', { keyGenerator: throwError }],
    ['async keyGenerator', { keyGenerator: async () => throwError() }],
    ['read', { read: throwError }],
    ['cost', { cost: throwError }],
    ['trustProxy', { trustProxy: throwError }],
    ['handler', { read: 1, handler: throwError }],
    ['async handler', { read: 1, handler: async () => throwError() }],
    ['message', { read: 1, message: throwError }],
    ['async message', { read: 1, message: async () => throwError() }],
  ] as ReadonlyArray<[string, RateLimiterOptions]>)(
    'threat 27: an error of %s is passed to next once, and the route handler does not run',
    async (_what, options) => {
      let handled = 0
      const errors: string[] = []
      const app = express()
      app.use(createRateLimiter(options))
      app.use((_req: Request, res: Response) => {
        handled++
        res.json({})
      })
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        errors.push(error.message)
        res.status(500).json({})
      })
      const needsRefusal = 'handler' in options || 'message' in options
      if (needsRefusal) await request(app).get('/').expect(200)
      await request(app).get('/').set('X-Forwarded-For', '203.0.113.7').expect(500)
      expect(errors).toEqual(['thrown by a function of the options'])
      expect(handled).toBe(needsRefusal ? 1 : 0)
    },
  )

  it('threat 27: next has an effect only once if a handler calls it twice and then throws', async () => {
    let handled = 0
    const app = express()
    app.use(
      createRateLimiter({
        read: 1,
        handler: (_req, _res, next) => {
          next()
          next()
          throw new Error('after next')
        },
      }),
    )
    app.use((_req: Request, res: Response) => {
      handled++
      res.json({})
    })
    await request(app).get('/').expect(200)
    await request(app).get('/').expect(200)
    expect(handled).toBe(2)
  })

  it('threat 27: nothing is written after other middleware has answered', async () => {
    const store = new FaultyStore(new MemoryStore())
    store.fail({ kind: 'late', delayMs: 30 })
    const answers: unknown[] = []
    const recordedStore: Store = {
      capabilities: store.capabilities,
      consume: (charge) => {
        const answer = store.consume(charge)
        answers.push(answer)
        return answer
      },
    }
    let allowed = 0
    const app = express()
    app.use((_req: Request, res: Response, next: NextFunction) => {
      next()
      res.status(503).json({ error: 'timeout' })
    })
    app.use(createRateLimiter({ read: 1, store: recordedStore, storeDeadlineMs: 60_000 }))
    app.use(() => {
      allowed++
    })
    for (let turn = 0; turn < 2; turn++) {
      const { body, headers } = await request(app).get('/').expect(503)
      expect(body).toEqual({ error: 'timeout' })
      expect(headers['x-ratelimit-limit']).toBeUndefined()
    }
    expect(await Promise.all(answers)).toMatchObject([{ allowed: true }, { allowed: false }])
    await new Promise((resolve) => setImmediate(resolve))
    expect(allowed, 'next is called for the allowed request only').toBe(1)
  })

  it('threat 27: a refusal after the headers were sent closes the connection', async () => {
    const app = express()
    app.use((_req: Request, res: Response, next: NextFunction) => {
      res.flushHeaders()
      next()
    })
    app.use(createRateLimiter({ read: 1 }))
    app.use((_req: Request, res: Response) => {
      res.end('served')
    })
    await withListeningServer(app, async (port) => {
      const url = `http://127.0.0.1:${port}/`
      expect(await (await fetch(url)).text()).toBe('served')
      await expect(fetch(url).then((response) => response.text())).rejects.toThrow()
    })
  })

  it('threat 27: a refusal after the whole response does not truncate the response', async () => {
    const app = express()
    app.use((_req: Request, res: Response, next: NextFunction) => {
      res.end('x'.repeat(20_000_000))
      next()
    })
    app.use(createRateLimiter({ read: 1 }))
    app.use(() => undefined)
    for (let turn = 0; turn < 3; turn++) {
      expect((await request(app).get('/').expect(200)).text).toHaveLength(20_000_000)
    }
  })

  it('threat 27: a handler that calls next leaves no headers of the refusal', async () => {
    const app = express()
    app.use(createRateLimiter({ read: 1, handler: (_req, _res, next) => next() }))
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    await request(app).get('/')
    const { headers } = await request(app).get('/').expect(200)
    expect([headers['retry-after'], headers['cache-control']]).toEqual([undefined, undefined])
  })

  it('threat 28: a refusal does not have the headers that other middleware set for another body', async () => {
    const app = express()
    app.use((_req: Request, res: Response, next: NextFunction) => {
      res.setHeader('Content-Encoding', 'gzip')
      res.setHeader('ETag', '"1"')
      res.setHeader('Transfer-Encoding', 'chunked')
      next()
    })
    app.use(createRateLimiter({ read: 1 }))
    app.use((_req: Request, res: Response) => {
      res.removeHeader('Content-Encoding')
      res.end('served')
    })
    await request(app).get('/').expect(200)
    const { headers, body } = await request(app).get('/').expect(429)
    expect(body).toEqual({ error: 'rate_limit_exceeded' })
    expect([headers['content-encoding'], headers.etag]).toEqual([undefined, undefined])
  })

  it('threat 28: a refusal is never cached, with any Cache-Control of the app', async () => {
    const app = express()
    app.use((_req: Request, res: Response, next: NextFunction) => {
      res.setHeader('Cache-Control', 'public, max-age=3600')
      next()
    })
    app.use(createRateLimiter({ read: 1 }))
    app.use((_req: Request, res: Response) => {
      res.json({})
    })
    await request(app).get('/').expect('Cache-Control', 'public, max-age=3600')
    const { headers } = await request(app).get('/').expect(429)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers.etag).toBeUndefined()
  })

  it('threat 28: no warning has a client address', async () => {
    const app = express()
    app.use(createRateLimiter({ read: 1 }))
    await request(app).get('/').set('X-Forwarded-For', '203.0.113.7')
    const messages = await warnings.messages()
    expect(messages).toHaveLength(1)
    expect(messages.join()).not.toMatch(/203\.0\.113\.7|127\.0\.0\.1/)
  })

  it('threat 29: 404s, static files and invalid bodies are limited too', async () => {
    const app = express()
    app.use(createRateLimiter({ read: 100, write: 100 }))
    app.use(express.json())
    app.use('/static', express.static(new URL('.', import.meta.url).pathname))
    app.use((_error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(400).json({ error: 'invalid body' })
    })
    await request(app).get('/nowhere').expect(404).expect('X-RateLimit-Remaining', '99')
    await request(app).get('/static/http.test.ts').expect(200).expect('X-RateLimit-Remaining', '98')
    await request(app)
      .post('/')
      .set('Content-Type', 'application/json')
      .send('{"broken')
      .expect(400)
      .expect('X-RateLimit-Remaining', '99')
  })

  it('threat 29: WebSocket upgrades are limited too', async () => {
    const limiter = createRateLimiter({ read: 1 })
    const app = express()
    app.use(limiter)
    await withListeningServer(app, async (port, server) => {
      let upgrades = 0
      server.on('upgrade', (_req, socket) => {
        upgrades++
        socket.end('HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n')
      })
      limiter.guard(server)
      const upgrade = rawGet('/', ['Connection: Upgrade', 'Upgrade: websocket'])
      const statuses = [await sendRaw(port, upgrade), await sendRaw(port, upgrade)].map(
        ([first]) => first?.status,
      )
      expect(statuses).toEqual([101, 429])
      expect(upgrades).toBe(1)
    })
  })
})

function throwError(): never {
  throw new Error('thrown by a function of the options')
}
