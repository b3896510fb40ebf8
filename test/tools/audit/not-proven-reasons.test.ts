import { describe, expect, it } from 'vitest'
import { auditRoutes } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, lines, pass, whyOf } from './route-fixtures.ts'

describe.each(EXPRESS_VERSIONS)('routes that are not proven on Express $name', ({ express, keepsMounts }) => {
  const mount = (path: string): string => (keepsMounts ? path : '(unknown mount)')

  it('cannot read an app that an app mounts, but can read an app that a router mounts', () => {
    const sub = express()
    sub.use(limiter({ name: 'inside' }))
    sub.get('/x', answer)
    const app = express()
    app.use('/sub', sub)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual([`ALL ${mount('/sub')}/*: not-proven`])
    expect(routes[0]?.why).toBe(
      'No limiter runs before it. The audit cannot see inside the mounted app: call auditRoutes with that ' +
        'app itself.',
    )
    expect(lines(auditRoutes(sub).routes)).toEqual(['GET /x: limited'])
    const outer = express()
    const router = express.Router()
    router.use('/sub', sub)
    outer.use(router)
    expect(lines(auditRoutes(outer).routes)).toEqual([`GET ${mount('/sub')}/x: limited`])
  })

  it('does not count on a limiter after a param callback', () => {
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
    expect(routes[0]?.why).toBe("The callback of param 'id' runs before limiter 'default' and may answer.")
    const limitedRouter = express()
    limitedRouter.use(limiter())
    limitedRouter.param('id', (_req, _res, next) => next())
    limitedRouter.get('/inside/:id', answer)
    expect(lines(auditRoutes(limitedRouter).routes)).toEqual(['GET /inside/:id: limited'])
  })

  it('lists no error handlers, and does not count on a limiter that a request can skip after an error', () => {
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
      "After an error before limiter 'default', error handler recover can let the request continue without the " +
        'limiter.',
    )
  })

  it('reports shadow mode, skip functions and unlimited classes', () => {
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
      "Limiter 'default' runs before it in shadow mode and refuses no request.",
      "The skip function of limiter 'default' can exempt requests.",
      "Limiter 'default' does not limit reads (read: false).",
      "Limiter 'default' runs before it.",
      "Limiter 'default' limits one class only, and its classify function decides the class of requests.",
      "Limiter 'default' does not limit writes (write: false).",
    ])
    expect(lines(auditRoutes(app, { trustSkip: true }).routes)).toContain('GET /skip: limited')
  })

  it('does not count on a limiter on a path when a function after it rewrites paths or methods', () => {
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
      "Function rewrite runs between limiter 'default' and this route, and may change the path or the method of " +
        'requests.',
    )
  })

  it('does not count on a limiter on a path when the source of a function after it cannot be read', () => {
    const app = express()
    app.use('/x', limiter())
    const passUnread = (_req: unknown, _res: unknown, next: () => void): void => next()
    app.use(passUnread.bind(undefined))
    app.get('/x', answer)
    expect(lines(auditRoutes(app).routes)).toEqual(['GET /x: not-proven'])
  })

  it('does not prove the 404 when middleware before the limiter can leave the router', () => {
    const app = express()
    app.use(function leave(req, _res, next) {
      if (req.url === '/gone') next('router')
      else next()
    })
    app.use(limiter())
    app.get('/x', answer)
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual([
      "ALL (middleware before limiter 'default'): not-proven",
      'GET /x: limited',
      'ALL (no route: 404): not-proven',
    ])
    expect(routes[2]?.why).toBe(
      "Function leave runs before limiter 'default' and can send requests to the end of the router.",
    )
  })

  it('does not prove the 404 when a route before the limiter can leave the router', () => {
    const app = express()
    app.get('/x', function leave(_req, _res, next) {
      next('router')
    })
    app.use(limiter())
    const { routes } = auditRoutes(app)
    expect(lines(routes, true)).toEqual(['GET /x: unlimited', 'ALL (no route: 404): not-proven'])
  })

  it('treats an app of another framework as a function that may answer', () => {
    const foreign = Object.assign((_req: unknown, _res: unknown, next: () => void) => next(), {
      stack: [{ route: '/x', handle: pass }],
    })
    const app = express()
    app.use(foreign)
    expect(lines(auditRoutes(app).routes)).toEqual(['ALL /*: not-proven'])
    expect(() => auditRoutes(foreign)).toThrow(
      'app: must be an Express 4 or 5 app, a router, or a server of node:http or node:https',
    )
  })

  it('stops at a router that is mounted in itself', () => {
    const app = express()
    const selfMounted = express.Router()
    selfMounted.get('/x', answer)
    selfMounted.use('/again', selfMounted)
    app.use(selfMounted)
    const { routes } = auditRoutes(app)
    expect(lines(routes)).toEqual(['GET /x: unlimited', `ALL ${mount('/again')}/*: not-proven`])
    expect(routes[1]?.why).toBe('This router is mounted in itself, so the list of its routes has no end.')
  })
})
