import type { RequestHandler } from 'express'
import { describe, expect, it } from 'vitest'
import type { LimiterDescription } from '../../../src/limits/limiter-description.ts'
import { auditRoutes, formatRoutes, type RouteEntry } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { markedLimiter } from './marked-limiter.ts'

const limiter = (overrides: Partial<LimiterDescription> = {}): RequestHandler =>
  markedLimiter(overrides) as unknown as RequestHandler
const answer: RequestHandler = (_req, res) => {
  res.end()
}
const pass: RequestHandler = (_req, _res, next) => next()

/** `METHOD path: state`, without the 404 unless asked for. */
function lines(routes: readonly RouteEntry[], withEnd = false): string[] {
  return routes
    .filter(({ kind }) => withEnd || !['fallthrough', 'ahead'].includes(kind))
    .map(({ method, path, state }) => `${method} ${path}: ${state}`)
}

const whyOf = (routes: readonly RouteEntry[], path: string): string | undefined =>
  routes.find((entry) => entry.path === path)?.why

describe.each(EXPRESS_VERSIONS)('auditRoutes on Express $name', ({ express, keepsMounts, major }) => {
  const mount = (path: string): string => (keepsMounts ? path : '(unknown mount)')
  const known = keepsMounts ? 'limited' : 'not-proven'

  it('proves everything behind a limiter in front', () => {
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
    expect(routes[0]?.why).toBe("limiter 'default' stands before it")
    expect(routes[0]?.limiters.map(({ name }) => name)).toEqual(['default'])
    expect([routes[0]?.read[0]?.limit, routes[0]?.write]).toEqual([1000, []])
  })

  it('finds routes and static files before the limiter, and names what runs ahead of it', () => {
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
      'ALL (middleware jsonParser): not-proven',
      'ALL (middleware pass): not-proven',
      `ALL ${mount('/static')}/*: unlimited`,
      'GET /early: unlimited',
      'ALL /*: unlimited',
      'GET /late: limited',
      'ALL (no route: 404): limited',
    ])
    expect(whyOf(routes, '(middleware pass)')).toBe(
      "it may answer by itself, and no limiter stands before it: limiter 'default' comes after it",
    )
    expect(routes[2]?.why).toBe("serveStatic: no limiter stands before it: limiter 'default' comes after it")
    expect(whyOf(routes, '/early')).toBe("no limiter stands before it: limiter 'default' comes after it")
  })

  it('lists an app without any limiter, without any route, and the 404', () => {
    const app = express()
    expect(lines(auditRoutes(app).routes, true)).toEqual(['ALL (no route: 404): unlimited'])
    app.get('/x', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual(['GET /x: unlimited', 'ALL (no route: 404): unlimited'])
    expect(whyOf(routes, '/x')).toBe('no limiter stands before it')
  })

  it('sees a limiter on one router only, and a router mounted with and without one', () => {
    const app = express()
    const inner = express.Router()
    inner.get('/x', answer)
    const guarded = express.Router()
    guarded.use(limiter({ name: 'guarded' }), inner)
    app.use('/one', guarded)
    app.use('/two', inner)
    expect(lines(auditRoutes(app).routes)).toEqual([
      `GET ${mount('/one')}/x: limited`,
      `GET ${mount('/two')}/x: ${keepsMounts ? 'unlimited' : 'not-proven'}`,
    ])
  })

  it('walks routers nested three deep', () => {
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
      // '/:b' takes '/open' too, so that the request has passed the limiter of that router.
      `GET ${mount('/a')}/open: limited`,
    ])
  })

  it('compares mount paths where they are known, and says so where they are not', () => {
    const app = express()
    const api = express.Router()
    api.get('/users/:id', answer)
    app.use('/api', limiter({ name: 'api' }))
    app.use('/api', api)
    app.get('/API/direct', answer)
    app.get('/apish', answer)
    app.get('/:anything', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      `GET ${mount('/api')}/users/:id: ${known}`,
      'GET /API/direct: limited',
      'GET /apish: unlimited',
      'GET /:anything: unlimited',
    ])
    expect(whyOf(routes, '/apish')).toBe('no limiter stands before it')
    const why = whyOf(routes, `${mount('/api')}/users/:id`)
    expect(why).toBe(
      keepsMounts
        ? "limiter 'api' stands before it"
        : "it cannot be shown that every request for it passes limiter 'api', which is mounted on (unknown mount); " +
            'this version of Express forgets mount paths, Express 5.3 keeps them',
    )
  })

  it('finds the bypass of a limiter below a mount: a doubled slash on Express 4', () => {
    const app = express()
    const auth = express.Router()
    auth.post('/login', answer)
    app.use('/auth/login', limiter({ name: 'login' }))
    app.use('/auth', auth)
    const { routes } = auditRoutes(app)
    const state = major === 4 ? 'unlimited' : known
    expect(lines(routes)).toEqual([`POST ${mount('/auth')}/login: ${state}`])
    if (major === 4) {
      expect(routes[0]?.why).toBe("a request for /auth//login reaches it and passes limiter 'login' by")
    }
  })

  it('finds the bypass of a regular expression that heeds case', () => {
    const app = express()
    app.use(/^\/login/, limiter({ name: 'login' }))
    app.post('/login', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual(['POST /login: unlimited'])
    expect(routes[0]?.why).toBe("a request for /LOGIN reaches it and passes limiter 'login' by")
  })

  it('heeds case sensitive routers', () => {
    const app = express()
    app.enable('case sensitive routing')
    const loose = express.Router()
    loose.get('/x', answer)
    app.use('/a', limiter())
    app.get('/a/x', answer)
    app.get('/A', answer)
    expect(lines(auditRoutes(app).routes)).toEqual(['GET /a/x: limited', 'GET /A: unlimited'])
  })

  it('counts limiters among the handlers of a route', () => {
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
    expect(whyOf(routes, '/after')).toBe(
      "limiter 'default': handler pass of the same route runs before it, and may answer",
    )
  })

  it('lets app.all stand before the same path, and app.get before the same method', () => {
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
    expect(routes[2]?.why).toBe("limiter 'get' runs for other methods")
  })

  it('covers patterns by patterns: parameters, arrays, regular expressions', () => {
    const app = express()
    app.use('/users/:id', limiter({ name: 'user' }))
    app.get('/users/:name/posts', answer)
    app.get('/users/me', answer)
    app.get('/users', answer)
    app.get(/^\/users\/\d+$/, answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      'GET /users/:name/posts: limited',
      'GET /users/me: limited',
      'GET /users: unlimited',
      'GET /^\\/users\\/\\d+$/: not-proven',
    ])
  })

  it('separates arrays of paths', () => {
    const app = express()
    const router = express.Router()
    router.get('/x', answer)
    app.use(['/a', '/b'], limiter())
    app.use(['/a', '/c'], router)
    app.get(['/b', '/c'], answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      ...(keepsMounts ? ['GET /a/x: limited', 'GET /c/x: unlimited'] : ['GET (unknown mount)/x: not-proven']),
      'GET /b: limited',
      'GET /c: unlimited',
    ])
  })

  it('cannot see into a mounted app, can when a router mounts it, and needs not behind a limiter', () => {
    const sub = express()
    sub.use(limiter({ name: 'inside' }))
    sub.get('/x', answer)
    const app = express()
    app.use('/sub', sub)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([`ALL ${mount('/sub')}/*: not-proven`])
    expect(routes[0]?.why).toBe(
      'no limiter stands before this app; what is inside cannot be seen from here, so call auditRoutes with ' +
        'the mounted app itself',
    )
    expect(lines(auditRoutes(sub).routes)).toEqual(['GET /x: limited'])
    const outer = express()
    const router = express.Router()
    router.use('/sub', sub)
    outer.use(router)
    expect(lines(auditRoutes(outer).routes)).toEqual([`GET ${mount('/sub')}/x: limited`])
  })

  it('doubts a limiter that a param callback can come before', () => {
    const app = express()
    app.param('id', (_req, _res, next) => next())
    app.get('/inside/:id', limiter(), answer)
    app.use('/mounted/:id', limiter())
    app.get('/plain', limiter(), answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      'GET /inside/:id: not-proven',
      `ALL ${keepsMounts ? '/mounted/:id' : '(unknown mount)'}/*: unlimited`,
      'GET /plain: limited',
    ])
    expect(routes[0]?.why).toBe(
      "limiter 'default': the callback of param 'id' runs before it, and may answer",
    )
    const guarded = express()
    guarded.use(limiter())
    guarded.param('id', (_req, _res, next) => next())
    guarded.get('/inside/:id', answer)
    expect(lines(auditRoutes(guarded).routes)).toEqual(['GET /inside/:id: limited'])
  })

  it('does not list error handlers, and doubts a limiter that an error can pass by', () => {
    const recover = (_error: unknown, _req: unknown, _res: unknown, next: () => void): void => next()
    const app = express()
    app.use(limiter())
    app.get('/x', answer)
    app.use(recover)
    expect(lines(auditRoutes(app).routes, true)).toEqual(['GET /x: limited', 'ALL (no route: 404): limited'])
    const late = express()
    late.use(express.json())
    late.use(limiter())
    late.get('/before', answer)
    late.use(recover)
    late.get('/after', answer)
    const { routes } = auditRoutes(late)
    expect(lines(routes)).toEqual(['GET /before: limited', 'GET /after: not-proven'])
    expect(whyOf(routes, '/after')).toBe(
      "limiter 'default': after an error raised before it, the error handler recover can let the request go on",
    )
  })

  it('reports shadow mode, skip functions and unlimited classes as what they are', () => {
    const app = express()
    app.route('/shadow').get(limiter({ mode: 'shadow' }), answer)
    app.route('/skip').get(limiter({ canSkip: true }), answer)
    app
      .route('/writes')
      .get(limiter({ read: false }), answer)
      .post(limiter({ read: false }), answer)
    app.route('/classify').get(limiter({ read: false, classifiedBy: 'function' }), answer)
    app.route('/all').all(limiter({ write: false }), answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([
      'GET /shadow: shadow',
      'GET /skip: not-proven',
      'GET /writes: unlimited',
      'POST /writes: limited',
      'GET /classify: not-proven',
      'ALL /all: unlimited',
    ])
    expect(routes.map(({ why }) => why).slice(0, 6)).toEqual([
      "limiter 'default' stands before it in shadow mode, and refuses nobody",
      "the skip function of limiter 'default' can wave requests through (trustSkip accepts that)",
      "limiter 'default' does not limit reads (read: false)",
      "limiter 'default' stands before it",
      "limiter 'default' leaves one class unlimited, and its classify function decides which requests are in it",
      "limiter 'default' does not limit writes (write: false)",
    ])
    expect(lines(auditRoutes(app, { trustSkip: true }).routes)).toContain('GET /skip: limited')
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
      "the router itself answers OPTIONS at its end, and limiter 'default' runs for other methods",
    )
    expect(lines(auditRoutes(auth).routes)).toEqual(['POST /login: limited', 'OPTIONS /login: unlimited'])
  })

  it('lets a router that only limits stand before what comes after it', () => {
    const app = express()
    const security = express.Router()
    security.use(limiter({ name: 'security' }))
    app.use(security)
    app.get('/x', answer)
    expect(lines(auditRoutes(app).routes, true)).toEqual(['GET /x: limited', 'ALL (no route: 404): limited'])
    const leaky = express.Router()
    leaky.use(pass, limiter({ name: 'leaky' }))
    const other = express()
    other.use(leaky)
    other.get('/x', answer)
    expect(lines(auditRoutes(other).routes)).toEqual(['GET /x: unlimited'])
  })

  it('doubts a limiter on a path when something in between rewrites paths or methods', () => {
    const app = express()
    app.use('/x', limiter())
    app.get('/x', answer)
    app.use(function rewrite(req, _res, next) {
      req.url = '/x'
      next()
    })
    app.get('/x/y', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual(['GET /x: limited', 'GET /x/y: not-proven'])
    expect(whyOf(routes, '/x/y')).toBe(
      "rewrite stands between limiter 'default' and it, and may change the path or the method of requests",
    )
  })

  it('doubts a limiter on a path when something in between cannot be read', () => {
    const app = express()
    app.use('/x', limiter())
    const turn = (_req: unknown, _res: unknown, next: () => void): void => next()
    app.use(turn.bind(undefined))
    app.get('/x', answer)
    expect(lines(auditRoutes(app).routes)).toEqual(['GET /x: not-proven'])
  })

  it('doubts the 404 when something before the limiter leaves the router', () => {
    const app = express()
    app.use(function leave(req, _res, next) {
      if (req.url === '/gone') next('router')
      else next()
    })
    app.use(limiter())
    app.get('/x', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual([
      'ALL (middleware leave): not-proven',
      'GET /x: limited',
      'ALL (no route: 404): not-proven',
    ])
    expect(routes[2]?.why).toBe(
      "leave stands before limiter 'default' and can send requests to the end of the router",
    )
  })

  it('doubts the 404 when a route before the limiter leaves the router', () => {
    const app = express()
    app.get('/x', function leave(_req, _res, next) {
      next('router')
    })
    app.use(limiter())
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual(['GET /x: unlimited', 'ALL (no route: 404): not-proven'])
  })

  it('tells HEAD from GET where a route has a handler of its own for it', () => {
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

  it('lists param callbacks that run where nothing else answers', () => {
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

  it('takes apps of other frameworks for what may answer', () => {
    const foreign = Object.assign((_req: unknown, _res: unknown, next: () => void) => next(), {
      stack: [{ route: '/x', handle: pass }],
    })
    const app = express()
    app.use(foreign)
    expect(lines(auditRoutes(app).routes)).toEqual(['ALL /*: not-proven'])
    expect(() => auditRoutes(foreign)).toThrow('app: must be an Express 4 or 5 app, or a router')
  })

  it('stops at a router that is mounted in itself', () => {
    const app = express()
    const round = express.Router()
    round.get('/x', answer)
    round.use('/again', round)
    app.use(round)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual(['GET /x: unlimited', `ALL ${mount('/again')}/*: not-proven`])
    expect(routes[1]?.why).toBe('this router is mounted in itself, and has no end of routes')
  })

  it('audits a router alone, without a 404', () => {
    const router = express.Router()
    router.use(limiter())
    router.get('/x', answer)
    expect(lines(auditRoutes(router).routes, true)).toEqual(['GET /x: limited'])
    expect(formatRoutes(auditRoutes(router))).toBe(
      'METHOD  PATH  LIMITS    LIMITERS  STATE\nGET     /x    1000/60s  default   limited',
    )
  })
})

describe('auditRoutes on what is no app', () => {
  it.each([
    ['a string', 'app', "app: must be an Express 4 or 5 app, or a router, got 'app'. "],
    ['nothing', undefined, 'app: must be an Express 4 or 5 app, or a router, got undefined. '],
    ['a handler', pass, 'app: must be an Express 4 or 5 app, or a router, got the function pass. '],
    ['a server', {}, 'app: must be an Express 4 or 5 app, or a router, got {}. '],
  ])('names %s and the remedy', (_name, value, message) => {
    expect(() => auditRoutes(value)).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: `${message}Pass what express() or express.Router() returned.`,
      }),
    )
  })

  it('refuses unknown options and wrong values', () => {
    const router = EXPRESS_VERSIONS[0]?.express.Router()
    const call = (options: unknown) => () => auditRoutes(router, options as { trustSkip: boolean })
    expect(call({ trustskip: true })).toThrow(
      'trustskip: is no option, got true. The options here are: trustSkip.',
    )
    expect(call({ trustSkip: 1 })).toThrow(
      'trustSkip: must be a boolean, got 1. Pass true or false, or leave it out.',
    )
    expect(call(null)).toThrow('options: must be an object, got null. Leave it out or pass an object.')
  })
})
