import { describe, expect, it } from 'vitest'
import { auditRoutes, formatRoutes, type RouteEntry } from '../../../src/tools/audit/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, lines, pass, whyOf } from './route-fixtures.ts'

describe.each(EXPRESS_VERSIONS)('auditRoutes on Express $name', ({ express, keepsMounts }) => {
  const mount = (path: string): string => (keepsMounts ? path : '(unknown mount)')

  it('proves that everything after a limiter for all paths is limited', () => {
    const app = express()
    app.use(limiter())
    app.get('/users/:id', answer)
    app.post(['/a', '/b'], pass, answer)
    app.all('/all', answer)
    app.delete(/^\/items\/\d+$/, answer)
    app.use('/health', pass)
    app.use('/files', express.static('.'))
    app.use('/sub', express())
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual([
      'GET /users/:id: limited',
      'POST /a: limited',
      'POST /b: limited',
      'ALL /all: limited',
      'DELETE /^\\/items\\/\\d+$/: limited',
      `ALL ${mount('/health')}/*: limited`,
      `ALL ${mount('/files')}/*: limited`,
      `ALL ${mount('/sub')}/*: limited`,
      'ALL (no route: 404): limited',
    ])
    expect(routes[0]?.why).toBe("Limiter 'default' runs before it.")
    expect(routes[0]?.limiters.map(({ name }) => name)).toEqual(['default'])
    expect([routes[0]?.read[0]?.limit, routes[0]?.write]).toEqual([1000, []])
  })

  it('finds routes and static files before the limiter, and the middleware before it as one entry', () => {
    const app = express()
    app.use(express.json())
    app.use(pass)
    app.use('/static', express.static('.'))
    app.get('/early', answer)
    app.use((_req, res) => {
      res.end()
    })
    app.use(limiter())
    app.get('/late', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual([
      "ALL (middleware before limiter 'default'): not-proven",
      `ALL ${mount('/static')}/*: unlimited`,
      'GET /early: unlimited',
      'ALL /*: unlimited',
      'GET /late: limited',
      'ALL (no route: 404): limited',
    ])
    expect(routes[0]?.middleware).toEqual([{ name: 'jsonParser' }, { name: 'pass' }])
    expect(routes[1]?.why).toBe(
      "Function serveStatic can answer here. No limiter runs before it. Limiter 'default' comes after it.",
    )
    expect(whyOf(routes, '/early')).toBe("No limiter runs before it. Limiter 'default' comes after it.")
  })

  it('lists an app without any limiter, without any route, and the 404', () => {
    const app = express()
    expect(lines(auditRoutes(app).routes, true)).toEqual(['ALL (no route: 404): unlimited'])
    app.get('/x', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual(['GET /x: unlimited', 'ALL (no route: 404): unlimited'])
    expect(whyOf(routes, '/x')).toBe('No limiter runs before it.')
  })

  it('finds a limiter on one router only, and a router that is mounted both with and without a limiter', () => {
    const app = express()
    const inner = express.Router()
    inner.get('/x', answer)
    const limitedRouter = express.Router()
    limitedRouter.use(limiter({ name: 'guarded' }), inner)
    app.use('/one', limitedRouter)
    app.use('/two', inner)
    expect(lines(auditRoutes(app).routes)).toEqual([
      `GET ${mount('/one')}/x: limited`,
      `GET ${mount('/two')}/x: ${keepsMounts ? 'unlimited' : 'not-proven'}`,
    ])
  })

  it('reads routers that are nested three deep', () => {
    const app = express()
    const [one, two, three] = [express.Router(), express.Router(), express.Router()]
    three.get('/open', answer)
    app.use('/a', one)
    one.use('/:b', two)
    two.use(limiter({ name: 'deep' }))
    two.use('/c', three)
    one.get('/open', answer)
    expect(lines(auditRoutes(app).routes)).toEqual([
      `GET ${keepsMounts ? '/a/:b/c' : '(unknown mount)(unknown mount)(unknown mount)'}/open: limited`,
      // '/:b' matches '/open' too, so that the request has met the limiter of that router.
      `GET ${mount('/a')}/open: limited`,
    ])
  })

  it('finds limiters among the handlers of a route', () => {
    const app = express()
    app.get('/before', limiter(), answer)
    app.get('/after', pass, limiter(), answer)
    app.get('/too-late', answer as unknown as (req: unknown) => void, limiter())
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      'GET /before: limited',
      'GET /after: not-proven',
      'GET /too-late: unlimited',
    ])
    const limitersOf = (entry: RouteEntry) =>
      [entry.limiters, entry.inDoubt].map((all) => all.map(({ name }) => name))
    expect(routes.slice(0, 3).map(limitersOf)).toEqual([
      [['default'], []],
      [[], ['default']],
      [[], []],
    ])
    expect(whyOf(routes, '/after')).toBe(
      "Handler pass of the same route runs before limiter 'default' and may answer.",
    )
  })

  it('proves that app.all runs before the same path, and app.get before the same method', () => {
    const app = express()
    app.all('/x', limiter({ name: 'all' }))
    app.get('/x', answer)
    app.get('/y', limiter({ name: 'get' }))
    app.route('/y').get(answer).post(answer)
    app.get('/x/deeper', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      'GET /x: limited',
      'GET /y: limited',
      'POST /y: unlimited',
      'GET /x/deeper: unlimited',
    ])
    expect(routes[2]?.why).toBe("Limiter 'get' runs only for other methods.")
  })

  it('lists the automatic answer to OPTIONS where only the routes of a router are limited', () => {
    const app = express()
    const auth = express.Router()
    auth.post('/login', limiter(), answer)
    app.use('/auth', auth)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      `POST ${mount('/auth')}/login: limited`,
      `OPTIONS ${mount('/auth')}/login: unlimited`,
    ])
    expect(routes[1]?.why).toBe(
      "The router itself answers OPTIONS at its end. Limiter 'default' runs only for other methods.",
    )
    expect(lines(auditRoutes(auth).routes)).toEqual(['POST /login: limited', 'OPTIONS /login: unlimited'])
  })

  it('counts on the limiter of a mounted router only where the limiter is first in it', () => {
    const app = express()
    const security = express.Router()
    security.use(limiter({ name: 'security' }))
    app.use(security)
    app.get('/x', answer)
    expect(lines(auditRoutes(app).routes, true)).toEqual(['GET /x: limited', 'ALL (no route: 404): limited'])
    const passFirst = express.Router()
    passFirst.use(pass, limiter({ name: 'second' }))
    const other = express()
    other.use(passFirst)
    other.get('/x', answer)
    expect(lines(auditRoutes(other).routes)).toEqual(['GET /x: unlimited'])
  })

  it('lists HEAD apart from GET where a route has a handler for HEAD', () => {
    const app = express()
    app.route('/own').get(limiter(), answer).head(answer)
    app.get('/shared', limiter(), answer)
    app.route('/earlier').get(limiter()).head(pass)
    app.get('/earlier', answer)
    expect(lines(auditRoutes(app).routes)).toEqual([
      'GET /own: limited',
      'HEAD /own: unlimited',
      'GET /shared: limited',
      'HEAD /earlier: unlimited',
      'GET /earlier: unlimited',
    ])
  })

  it('lists param callbacks that run before a limiter or a router that answers nothing itself', () => {
    const router = express.Router()
    router.param('id', (_req, _res, next) => next())
    router.all('/route/:id', limiter())
    router.use('/router/:id', express.Router())
    const listed = auditRoutes(router).routes.filter(({ kind }) => kind === 'param')
    expect(lines(listed)).toEqual([
      'ALL /route/:id: not-proven',
      keepsMounts ? 'ALL /router/:id/*: unlimited' : 'ALL (unknown mount)/*: not-proven',
    ])
  })

  it('audits a router alone, without a 404', () => {
    const router = express.Router()
    router.use(limiter())
    router.get('/x', answer)
    expect(lines(auditRoutes(router).routes, true)).toEqual(['GET /x: limited'])
    expect(formatRoutes(auditRoutes(router))).toBe(
      'METHOD  PATH  LIMITS    LIMITERS  STATE    WHY\nGET     /x    1000/60s  default   limited',
    )
  })
})

describe('mistakes in the arguments of auditRoutes', () => {
  it.each([
    ['a string', 'app', "'app'"],
    ['nothing', undefined, 'undefined'],
    ['a handler', pass, 'the function pass'],
    ['an object', {}, '{}'],
  ])('are errors that name the value and the remedy: %s as the app', (_name, value, shown) => {
    const problem = 'must be an Express 4 or 5 app, a router, or a server of node:http or node:https'
    const remedy = 'Give what express(), express.Router() or app.listen() returned.'
    expect(thrownBy(() => auditRoutes(value))).toMatchObject({
      code: 'invalid_option',
      message: `app: ${problem}, got ${shown}. ${remedy}`,
    })
  })

  it('are errors for unknown options and wrong values', () => {
    const router = EXPRESS_VERSIONS[0]?.express.Router()
    const call = (options: unknown) => () => auditRoutes(router, options as { trustSkip: boolean })
    expect(call({ allowShadow: true })).toThrow(
      'allowShadow: is not an option, got true. The options are trustSkip, allowBefore, app.',
    )
    expect(call({ trustSkip: 1 })).toThrow(
      'trustSkip: takes a boolean, got 1. Give true or false, without quotes.',
    )
    expect(call(null)).toThrow(
      'options: takes an object of options, got null. Give an object; it may have trustSkip, allowBefore, app.',
    )
  })

  it('are errors that suggest the option which a misspelt name means', () => {
    const router = EXPRESS_VERSIONS[0]?.express.Router()
    const options: object = { trustskip: true }
    expect(thrownBy(() => auditRoutes(router, options))).toMatchObject({
      code: 'unknown_option',
      nearest: 'trustSkip',
      message:
        "trustskip: is not an option, got true. Did you mean 'trustSkip'? Write trustSkip, or leave it out.",
    })
  })
})
