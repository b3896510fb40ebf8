import { createServer, type Server } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { Server as SocketIo } from 'socket.io'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import type { GuardedApp } from '../../../src/limiter/express-app.ts'
import type { RateLimiterOptions } from '../../../src/options/rate-limiter-options.ts'
import { assertEveryRouteLimited, auditRoutes, formatRoutes } from '../../../src/tools/audit/index.ts'
import { thrownBy } from '../../support/thrown-by.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, lines, pass, whyOf } from './route-fixtures.ts'

const CLOSED =
  'No limiter runs before it. The audit cannot see inside this listener: call limiter.guard(server, app).'
const HIDDEN =
  'A listener of the server may call an Express app. Give the app to list its routes: auditRoutes(server, { app }).'

function attachSocketIo(server: Server): void {
  const sockets = new SocketIo(server)
  // Not close(), which ends in an error on a server that does not listen.
  onTestFinished(() => sockets.engine.close() as unknown as undefined)
}

function guard(server: Server, app?: GuardedApp, options: RateLimiterOptions = {}): void {
  createRateLimiter({ name: 'server', ...options }).guard(server, app, { beforeMiddleware: true })
}

describe.each(EXPRESS_VERSIONS)('a server with an app of Express $name', ({ express }) => {
  const limitedApp = () => {
    const app = express()
    app.use(limiter({ name: 'app' }))
    app.get('/users/:id', answer)
    return app
  }
  const APP_ROUTES = ['GET /users/:id: limited', 'ALL (no route: 404): limited']

  it('is audited as its app where nothing else listens, with upgrades handled nowhere', () => {
    for (const server of [createServer(limitedApp()), createHttpsServer(limitedApp())]) {
      expect(lines(auditRoutes(server).routes, true)).toEqual(APP_ROUTES)
      assertEveryRouteLimited(server)
    }
    expect(lines(auditRoutes(createServer(express())).routes, true)).toEqual([
      'ALL (no route: 404): unlimited',
    ])
  })

  it('lists the listeners of Socket.IO, which took the app away from the server', () => {
    const app = limitedApp()
    const server = createServer(app)
    attachSocketIo(server)
    const hidden = auditRoutes(server)
    expect(lines(hidden.routes, true)).toEqual([
      'ALL (request listener): not-proven',
      'ALL (upgrade listener): not-proven',
      'ALL (app not found): not-proven',
    ])
    expect(hidden.routes.map(({ why }) => why)).toEqual([CLOSED, CLOSED, HIDDEN])
    // Exceptions for the listeners do not hide that the app was not seen.
    const listeners = ['(request listener)', '(upgrade listener)']
    expect(thrownBy(() => assertEveryRouteLimited(server, { except: listeners })).message).toContain(HIDDEN)
    expect(() => assertEveryRouteLimited(server, { except: [/listener/] })).toThrow(HIDDEN)
    assertEveryRouteLimited(server, { except: [...listeners, '(app not found)'] })
    const given = auditRoutes(server, { app })
    expect(lines(given.routes, true)).toEqual([
      'ALL (request listener): not-proven',
      'ALL (upgrade listener): not-proven',
      ...APP_ROUTES,
    ])
    expect(whyOf(given.routes, '(request listener)')).toBe(CLOSED)
    expect(thrownBy(() => assertEveryRouteLimited(server, { app })).message).toMatch(
      /^2 of 4 routes are not proven/,
    )
    const except = ['(request listener)', '(upgrade listener)']
    expect(assertEveryRouteLimited(server, { app, except }).routes).toHaveLength(4)
  })

  it.each([
    ['before', true],
    ['after', false],
  ])(
    'is limited by a guard that is added %s Socket.IO, and the guard remembers the app',
    (_when, isFirst) => {
      const app = limitedApp()
      const server = createServer(app)
      if (isFirst) guard(server)
      attachSocketIo(server)
      if (!isFirst) guard(server, app)
      const { routes } = assertEveryRouteLimited(server)
      expect(lines(routes, true)).toEqual([
        'ALL (request listener): limited',
        'ALL (upgrade listener): limited',
        ...APP_ROUTES,
      ])
      expect(routes.map(({ limiters }) => limiters.map(({ name }) => name))).toEqual([
        ['server'],
        ['server'],
        ['server', 'app'],
        ['server', 'app'],
      ])
      expect(whyOf(routes, '(upgrade listener)')).toBe("Limiter 'server' runs before it.")
    },
  )

  it('counts a guard before all routes, whatever the app has', () => {
    const app = express()
    app.use(express.json())
    app.param('id', (_req, _res, next) => next())
    app.use(function proxy(_req, res, next) {
      if (res.headersSent) next()
      else res.end()
    })
    app.use('/users/:id', pass)
    app.get('/users/:id', answer)
    app.use(((_error: unknown, _req: unknown, _res: unknown, next: () => void) => next()) as never)
    const server = createServer(app)
    guard(server)
    expect(assertEveryRouteLimited(server).routes.every(({ state }) => state === 'limited')).toBe(true)
    expect(() => assertEveryRouteLimited(app)).toThrow(/not proven to be limited/)
  })

  it('shows a limiter that guards and is mounted too once', () => {
    const app = express()
    const one = createRateLimiter()
    app.use(one)
    app.get('/x', answer)
    const server = createServer(app)
    one.guard(server)
    const [route] = auditRoutes(server).routes
    expect([route?.limiters.length, route?.read.length]).toEqual([1, 1])
  })

  it('lists what hears upgrades, CONNECT and expectations, such as a server of ws', () => {
    const app = limitedApp()
    const server = createServer(app)
    const sockets = new WebSocketServer({ server })
    onTestFinished(() => sockets.close())
    server.on('connect', function tunnel() {})
    server.on('checkContinue', app)
    server.on('checkExpectation', () => {})
    const unguarded = [
      'ALL (checkExpectation listener)',
      'ALL (upgrade listener upgrade)',
      'CONNECT (connect listener tunnel)',
    ]
    const { routes } = auditRoutes(server)
    expect(lines(routes, true)).toEqual([...unguarded.map((line) => `${line}: not-proven`), ...APP_ROUTES])
    expect(whyOf(routes, '(upgrade listener upgrade)')).toBe(CLOSED)
    guard(server)
    const guarded = auditRoutes(server)
    expect(lines(guarded.routes, true)).toEqual([
      ...unguarded.map((line) => `${line}: limited`),
      ...APP_ROUTES,
    ])
    expect(formatRoutes(guarded)).toMatch(
      /^CONNECT +\(connect listener tunnel\) +200\/60s +server +limited$/m,
    )
  })

  it('says so where the guard refuses nothing, limits one class only, or can skip', () => {
    const statesWith = (options: RateLimiterOptions, trustSkip = false): string[] => {
      const server = createServer(express())
      server.on('upgrade', () => {})
      server.on('connect', () => {})
      guard(server, undefined, options)
      const { routes } = auditRoutes(server, { trustSkip })
      if (options.read === false) {
        expect(whyOf(routes, '(upgrade listener)')).toMatch(
          /^Limiter 'server' does not limit reads \(read: false\)\. The audit cannot see inside this listener/,
        )
      }
      return routes.map(({ state }) => state)
    }
    expect(statesWith({ mode: 'shadow' })).toEqual(['shadow', 'shadow', 'shadow'])
    expect(statesWith({ read: false })).toEqual(['not-proven', 'limited', 'unlimited'])
    expect(statesWith({ skip: () => false })).toEqual(['not-proven', 'not-proven', 'not-proven'])
    expect(statesWith({ skip: () => false }, true)).toEqual(['limited', 'limited', 'limited'])
  })

  it('cannot see an app that a function calls, unless it is given', () => {
    const app = limitedApp()
    const server = createServer((req, res) => (app as (req: unknown, res: unknown) => void)(req, res))
    expect(auditRoutes(server).routes.map(({ path, why }) => [path, why])).toEqual([
      ['(request listener)', CLOSED],
      ['(app not found)', HIDDEN],
    ])
    guard(server, app)
    expect(lines(assertEveryRouteLimited(server).routes, true)).toEqual([
      'ALL (request listener): limited',
      ...APP_ROUTES,
    ])
  })
})

describe('mistakes in the audit of a server', () => {
  it.each([
    [
      'a server without listeners',
      createServer(),
      undefined,
      'app: is a server without listeners, which answers no request. Audit it when the app, Socket.IO and everything else is attached.',
    ],
    [
      'an app that is none',
      createServer(() => {}),
      pass,
      'app: must be an Express 4 or 5 app, a router, or a server of node:http or node:https, got the function pass. Give what express(), express.Router() or app.listen() returned.',
    ],
    [
      'an app for the audit of an app',
      EXPRESS_VERSIONS[0]?.express(),
      pass,
      'app: is for the audit of a server, got the function pass. Leave it out for an app or a router.',
    ],
    [
      'a server of node:http2',
      createHttp2Server(),
      undefined,
      'app: must be an Express 4 or 5 app, a router, or a server of node:http or node:https, got ',
    ],
  ])('are errors: %s', (_mistake, server, app, message) => {
    expect(thrownBy(() => auditRoutes(server, { app })).message.slice(0, message.length)).toBe(message)
  })
})
