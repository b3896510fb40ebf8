import type { RequestHandler } from 'express'
import { describe, expect, it } from 'vitest'
import { type AssertRoutesOptions, assertEveryRouteLimited } from '../../../src/tools/audit/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { EXPRESS_VERSIONS, type ExpressVersion } from './express-versions.ts'
import { markedLimiter } from './marked-limiter.ts'

const answer: RequestHandler = (_req, res) => {
  res.end()
}

/** An app with one limited route, two unlimited routes and an unlimited 404. */
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

  it('throws an error with a table of the routes that are not limited, and the reasons', () => {
    const error = thrownBy(() => assertEveryRouteLimited(appWithGaps(version)))
    expect(error.code).toBe('unlimited_routes')
    expect(error.message).toBe(
      [
        "3 of 4 routes are not proven to be limited. Mount a limiter before the routes, or name them in 'except'.",
        'METHOD  PATH             LIMITS  LIMITERS  STATE      WHY',
        'GET     /health          -       -         unlimited  No limiter runs before it.',
        'GET     /internal/stats  -       -         unlimited  No limiter runs before it.',
        'ALL     (no route: 404)  -       -         unlimited  No limiter runs before it.',
      ].join('\n'),
    )
  })

  it('throws for middleware that runs before the limiter and may answer, unless its name is allowed', () => {
    const app = version.express()
    app.use(function proxy(_req, res, next) {
      if (res.headersSent) next()
      else res.end('answered by a proxy')
    })
    app.use(markedLimiter() as unknown as RequestHandler)
    app.get('/x', answer)
    expect(thrownBy(() => assertEveryRouteLimited(app)).message).toBe(
      [
        "1 middleware may answer before a limiter. Mount a limiter before the middleware, or accept it by name in 'allowBefore'.",
        "1 middleware stands before limiter 'default': proxy. No limiter counts the requests that it answers itself.",
      ].join('\n'),
    )
    expect(assertEveryRouteLimited(app, { allowBefore: ['proxy'] }).routes).toHaveLength(2)
  })

  it('accepts exceptions by path, by method and path, and by regular expression', () => {
    const except = ['/health', 'ALL (no route: 404)', /^GET \/internal\//g]
    // Twice, because a global regular expression keeps its position between calls.
    assertEveryRouteLimited(appWithGaps(version), { except })
    const { routes } = assertEveryRouteLimited(appWithGaps(version), { except })
    expect(routes.map(({ path, state }) => `${path}: ${state}`)).toEqual([
      '/health: excepted',
      '/login: limited',
      '/internal/stats: excepted',
      '(no route: 404): excepted',
    ])
  })

  it('accepts shadow mode and skip functions only where the options allow it', () => {
    const app = version.express()
    app.use(markedLimiter({ mode: 'shadow', canSkip: true }) as unknown as RequestHandler)
    expect(thrownBy(() => assertEveryRouteLimited(app)).code).toBe('unlimited_routes')
    expect(thrownBy(() => assertEveryRouteLimited(app, { trustSkip: true })).code).toBe('unlimited_routes')
    expect(thrownBy(() => assertEveryRouteLimited(app, { allowShadow: true })).code).toBe('unlimited_routes')
    expect(assertEveryRouteLimited(app, { allowShadow: true, trustSkip: true }).routes).toHaveLength(1)
  })
})

it('says how to accept middleware before a limiter, which is no route', () => {
  const app = EXPRESS_VERSIONS[0]?.express().use((_req, _res, next) => next())
  expect(thrownBy(() => assertEveryRouteLimited(app, { except: ['(middleware)'] })).message).toBe(
    "except[0]: matches no route, got '(middleware)'. Middleware before a limiter is no route: accept it by name in 'allowBefore'.",
  )
})

describe('mistakes in the options of assertEveryRouteLimited', () => {
  const version = EXPRESS_VERSIONS[0] as ExpressVersion
  it.each<[string, unknown, string, string]>([
    [
      'an exception by path that matches no route',
      { except: ['/health', '/gone'] },
      'invalid_option',
      "except[1]: matches no route, got '/gone'. Remove it, or write the path as " +
        'formatRoutes(auditRoutes(app)) shows it.',
    ],
    [
      'an exception by regular expression that matches no route',
      { except: [/^\/gone/] },
      'invalid_option',
      "except[0]: matches no route, got '/^\\/gone/'. Remove it, or write the path as " +
        'formatRoutes(auditRoutes(app)) shows it.',
    ],
    [
      'an exception that is a number',
      { except: [1] },
      'invalid_option',
      'except[0]: must be a path or a regular expression, got 1. Give a path as the report shows it, such ' +
        "as '/health' or 'GET /health'.",
    ],
    [
      'exceptions that are no array',
      { except: '/health' },
      'invalid_option',
      "except: must be an array of paths and regular expressions, got '/health'. Give ['/health'], or " +
        "['GET /health'], or [/^[/]internal/].",
    ],
    [
      'an unknown option',
      { ignore: ['/health'] },
      'unknown_option',
      'ignore: is not an option, got ["/health"]. The options are except, allowShadow, trustSkip, allowBefore, app.',
    ],
    [
      'a misspelt option',
      { allowshadow: true },
      'unknown_option',
      "allowshadow: is not an option, got true. Did you mean 'allowShadow'? Write allowShadow, or leave it out.",
    ],
    [
      'an option with a wrong value',
      { allowShadow: 'yes' },
      'invalid_option',
      "allowShadow: takes a boolean, got 'yes'. Give true or false, without quotes.",
    ],
  ])('are errors: %s', (_name, options, code, message) => {
    const error = thrownBy(() =>
      assertEveryRouteLimited(appWithGaps(version), options as AssertRoutesOptions),
    )
    expect([error.code, error.message]).toEqual([code, message])
  })
})
