import type { Request, Response } from 'express'
import methodOverride from 'method-override'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { assertEveryRouteLimited } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

/** Overrides that the limiter cannot see in the request: by a query, and by a header of its own. */
const OVERRIDES = [
  ['a query', '_method', (test: request.Test) => test.query({ _method: 'DELETE' })],
  ['a header', 'X-My-Method', (test: request.Test) => test.set('X-My-Method', 'DELETE')],
] as const

describe.each(EXPRESS_VERSIONS)('a method override of %s', (_name, express) => {
  const appWith = (getter: string, order: 'override first' | 'limiter first') => {
    const app = express()
    const limiter = createRateLimiter({ read: 5, write: 2 })
    const override = methodOverride(getter, { methods: ['GET', 'POST'] })
    for (const middleware of order === 'override first' ? [override, limiter] : [limiter, override]) {
      app.use(middleware)
    }
    app.delete('/', (req: Request, res) => void res.json(req.rateLimit?.class))
    return app
  }

  it.each(OVERRIDES)(
    'by %s before the limiter is charged to both classes',
    async (_by, getter, overridden) => {
      const app = appWith(getter, 'override first')
      const statuses: number[] = []
      for (let turn = 0; turn < 3; turn++) statuses.push((await overridden(request(app).get('/'))).status)
      expect(statuses).toEqual([200, 200, 429])
      // Two of the five reads are used.
      expect((await request(app).get('/')).headers['x-ratelimit-remaining']).toBe('2')
      assertEveryRouteLimited(app)
    },
  )

  it.each(OVERRIDES)(
    'by %s after the limiter is charged as a read, and the audit fails',
    async (_by, getter, overridden) => {
      const app = appWith(getter, 'limiter first')
      const statuses: number[] = []
      for (let turn = 0; turn < 3; turn++) statuses.push((await overridden(request(app).get('/'))).status)
      expect(statuses).toEqual([200, 200, 200])
      expect(() => assertEveryRouteLimited(app)).toThrow('Function methodOverride runs after limiter')
    },
  )

  // Threat 33, the other way round: text that changes no method must not cost the other class either.
  it.each(['', ' ', 'NO-SUCH', 'GET', 'DELETES', 'PUT'])(
    'by a header with the text "%s" costs the other class exactly when the app carries it out',
    async (text) => {
      const app = express()
      const limiter = createRateLimiter({ read: 5, write: 5 })
      app.use(limiter)
      app.use(methodOverride('X-HTTP-Method-Override', { methods: ['GET', 'POST'] }))
      app.use((req: Request, res: Response) => void res.json({ method: req.method }))
      const response = await request(app).get('/').set('X-HTTP-Method-Override', text)
      const client = '::ffff:127.0.0.1'
      const { limits } = await limiter.peek(client, { class: 'write' })
      expect(limits[0]?.remaining).toBe(response.body.method === 'GET' ? 5 : 4)
      expect(response.body.method).toBe(text === 'PUT' ? 'PUT' : 'GET')
    },
  )
})
