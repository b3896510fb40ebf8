import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'

const FIELD = 'Access-Control-Expose-Headers'
const LEGACY = 'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset'

describe.each(EXPRESS_VERSIONS)('exposed headers on %s', (_name, express) => {
  /** What middleware such as `cors({ exposedHeaders })` sets. */
  const setting = (value: string | string[]) => (_req: Request, res: Response, next: () => void) => {
    res.set(FIELD, value)
    next()
  }

  function exposed(...handlers: ((req: Request, res: Response, next: () => void) => void)[]) {
    const app = express()
    app.use(...handlers)
    app.use((_req: Request, res: Response) => void res.send('ok'))
    return {
      of: async (
        headers: Record<string, string> = { Origin: 'https://app.example' },
      ): Promise<string | undefined> =>
        (await request(app).get('/').set(headers)).headers[FIELD.toLowerCase()],
    }
  }

  it('are the fields that the response carries, on a request with Origin', async () => {
    const app = exposed(createRateLimiter({ limit: 1 }))
    expect(await app.of({})).toBeUndefined()
    expect(await app.of()).toBe(`Retry-After, ${LEGACY}`)
    expect(await exposed(createRateLimiter({ limit: 1 })).of()).toBe(LEGACY)
    const draft = createRateLimiter({ limit: 1, legacyHeaders: false, standardHeaders: true })
    expect(await exposed(draft).of()).toBe('RateLimit-Policy, RateLimit')
    expect(await exposed(createRateLimiter({ limit: 1, exposeHeaders: false })).of()).toBeUndefined()
    expect(await exposed(createRateLimiter({ limit: false })).of()).toBeUndefined()
  })

  it.each([
    ['X-Total', `X-Total, ${LEGACY}`],
    ['x-ratelimit-limit,X-Total', 'x-ratelimit-limit, X-Total, X-RateLimit-Remaining, X-RateLimit-Reset'],
    ['*', '*'],
  ])('are added to %s, whatever the order of the middleware', async (value, expected) => {
    const limiter = createRateLimiter({ limit: 9 })
    expect(await exposed(setting(value), limiter).of()).toBe(expected)
    expect(await exposed(limiter, setting(value)).of()).toBe(expected)
    expect(await exposed(limiter, setting([value])).of()).toBe(expected)
  })

  it('are named once where two limiters write them', async () => {
    const both = exposed(createRateLimiter({ limit: 9 }), createRateLimiter({ name: 'second', limit: 9 }))
    expect(await both.of()).toBe(LEGACY)
  })
})
