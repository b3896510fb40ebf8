import type { RequestHandler } from 'express'
import { describe, expect, it } from 'vitest'
import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { type AssertRoutesOptions, assertEveryRouteLimited } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS, type ExpressVersion } from './express-versions.ts'
import { markedLimiter } from './marked-limiter.ts'

const answer: RequestHandler = (_req, res) => {
  res.end()
}

function errorOf(run: () => unknown): RateLimiterError {
  try {
    run()
  } catch (error) {
    if (error instanceof RateLimiterError) return error
  }
  throw new Error('nothing was thrown')
}

/** One limited route of three; the 404 is unlimited too. */
function appWithGaps({ express }: ExpressVersion) {
  const app = express()
  app.get('/health', answer)
  app.post('/login', markedLimiter({ name: 'login' }) as unknown as RequestHandler, answer)
  app.get('/internal/stats', answer)
  return app
}

describe.each(EXPRESS_VERSIONS)('assertEveryRouteLimited on Express $name', (version) => {
  it('returns the report when every route is limited', () => {
    const app = version.express()
    app.use(markedLimiter() as unknown as RequestHandler)
    app.get('/x', answer)
    expect(assertEveryRouteLimited(app).routes.map(({ state }) => state)).toEqual(['limited', 'limited'])
  })

  it('throws with a table of the routes that are not, and why', () => {
    const error = errorOf(() => assertEveryRouteLimited(appWithGaps(version)))
    expect(error.code).toBe('unlimited_routes')
    expect(error.message).toBe(
      [
        "3 of 4 routes are not proven to be limited. Mount a limiter before them, or name them in 'except':",
        'METHOD  PATH             STATE      WHY',
        'GET     /health          unlimited  no limiter stands before it',
        'GET     /internal/stats  unlimited  no limiter stands before it',
        'ALL     (no route: 404)  unlimited  no limiter stands before it',
      ].join('\n'),
    )
  })

  it('throws for middleware before the limiter, which may answer every request, unless it is excepted', () => {
    const app = version.express()
    app.use(function proxy(_req, res, next) {
      if (res.headersSent) next()
      else res.end('answered by a proxy')
    })
    app.use(markedLimiter() as unknown as RequestHandler)
    app.get('/x', answer)
    expect(errorOf(() => assertEveryRouteLimited(app)).message).toBe(
      [
        "1 of 3 routes are not proven to be limited. Mount a limiter before them, or name them in 'except':",
        'METHOD  PATH                STATE       WHY',
        "ALL     (middleware proxy)  not-proven  it may answer by itself, and no limiter stands before it: limiter 'default' comes after it",
      ].join('\n'),
    )
    expect(assertEveryRouteLimited(app, { except: ['(middleware proxy)'] }).routes).toHaveLength(3)
  })

  it('accepts exceptions by path, by method and path, and by regular expression', () => {
    const except = ['/health', 'ALL (no route: 404)', /^GET \/internal\//g]
    // Twice, since a global regular expression remembers where it stopped.
    assertEveryRouteLimited(appWithGaps(version), { except })
    const { routes } = assertEveryRouteLimited(appWithGaps(version), { except })
    expect(routes).toHaveLength(4)
  })

  it('accepts shadow mode and skip functions only when told to', () => {
    const app = version.express()
    app.use(markedLimiter({ mode: 'shadow', canSkip: true }) as unknown as RequestHandler)
    expect(errorOf(() => assertEveryRouteLimited(app)).code).toBe('unlimited_routes')
    expect(errorOf(() => assertEveryRouteLimited(app, { trustSkip: true })).code).toBe('unlimited_routes')
    expect(errorOf(() => assertEveryRouteLimited(app, { allowShadow: true })).code).toBe('unlimited_routes')
    expect(assertEveryRouteLimited(app, { allowShadow: true, trustSkip: true }).routes).toHaveLength(1)
  })
})

describe('mistakes in the options of assertEveryRouteLimited', () => {
  const version = EXPRESS_VERSIONS[0] as ExpressVersion
  it.each<[string, unknown, string, string]>([
    [
      'a stale path',
      { except: ['/health', '/gone'] },
      'invalid_option',
      "except[1]: matches no route, got '/gone'. Remove it, or write the path as " +
        'formatRoutes(auditRoutes(app)) shows it.',
    ],
    [
      'a stale regular expression',
      { except: [/^\/gone/] },
      'invalid_option',
      "except[0]: matches no route, got '/^\\/gone/'. Remove it, or write the path as " +
        'formatRoutes(auditRoutes(app)) shows it.',
    ],
    [
      'no path',
      { except: [1] },
      'invalid_option',
      'except[0]: must be a path or a regular expression, got 1. Write a path as the report shows it, such ' +
        "as '/health' or 'GET /health'.",
    ],
    [
      'no array',
      { except: '/health' },
      'invalid_option',
      "except: must be an array of paths and regular expressions, got '/health'. Write ['/health'], or " +
        "['GET /health'], or [/^[/]internal/].",
    ],
    [
      'an unknown option',
      { ignore: ['/health'] },
      'unknown_option',
      'ignore: is no option, got ["/health"]. The options here are: except, allowShadow, trustSkip.',
    ],
  ])('%s', (_name, options, code, message) => {
    const error = errorOf(() => assertEveryRouteLimited(appWithGaps(version), options as AssertRoutesOptions))
    expect([error.code, error.message]).toEqual([code, message])
  })
})
