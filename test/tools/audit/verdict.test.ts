import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../../examples/recipes/login.ts'
import { createRateLimiter } from '../../../src/create-rate-limiter.ts'
import { auditRoutes } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, pass } from './route-fixtures.ts'

const namesOf = (limiters: readonly { readonly name: string }[] = []) => limiters.map(({ name }) => name)

/** The names of the policies that answered a request. A path with two slashes is sent as it is. */
async function policiesFor(server: Server, method: string, path: string): Promise<string> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path }, (res) => {
      res.resume()
      res.on('end', () => resolve(`${res.statusCode} ${res.headers['ratelimit-policy'] ?? 'no policy'}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe.each(EXPRESS_VERSIONS)('limiters in doubt on Express $name', ({ express, major }) => {
  it('are listed with the reason where another handler of the route stands before them', () => {
    const app = express()
    app.use(limiter())
    app.post('/login', pass, limiter({ name: 'address' }), pass, limiter({ name: 'name' }), answer)
    const [route] = auditRoutes(app).routes
    expect([route?.state, namesOf(route?.limiters), namesOf(route?.inDoubt)]).toEqual([
      'limited',
      ['default'],
      ['address', 'name'],
    ])
    expect(route?.why).toBe(
      "Limiter 'default' runs before it. Handler pass of the same route runs before limiter 'address' and may " +
        "answer. Handler pass of the same route runs before limiter 'name' and may answer.",
    )
  })

  it('are not listed where they run for other methods, classes or paths', () => {
    const app = express()
    app.post('/login', limiter({ name: 'post' }))
    app.use('/other', limiter({ name: 'other' }))
    app.get('/login', pass, limiter({ name: 'writes', read: false }), answer)
    const [route] = auditRoutes(app).routes
    expect([route?.path, namesOf(route?.inDoubt)]).toEqual(['/login', []])
  })

  it('come with the request that bypasses them, which does it when it is sent', async () => {
    const app = express()
    app.use(createRateLimiter({ standardHeaders: 'draft-8' }))
    app.use('/v1/auth', createRateLimiter({ name: 'auth', standardHeaders: 'draft-8' }))
    const [v1, auth] = [express.Router(), express.Router()]
    auth.post('/login', answer)
    app.use('/v1', v1.use('/auth', auth))
    const route = auditRoutes(app).routes.find(({ method }) => method === 'POST')
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => server.close() as unknown as undefined)
    expect(await policiesFor(server, 'POST', '/v1/auth/login')).toMatch(/^200 .*"auth/)
    if (major === 5) {
      expect(route?.bypass).toBeUndefined()
      expect(await policiesFor(server, 'POST', '/v1//auth/login')).toMatch(/^404 /)
      return
    }
    expect(route).toMatchObject({
      state: 'limited',
      bypass: { request: 'POST /v1//auth/login', limiters: ['auth'] },
      why: "Limiter 'default' runs before it. POST /v1//auth/login reaches it and bypasses limiter 'auth'.",
    })
    expect(await policiesFor(server, 'POST', '/v1//auth/login')).toMatch(/^200 (?!.*"auth)/)
  })

  it('makes a route unlimited where a request bypasses all limiters, and names a method for ALL', () => {
    const app = express()
    app.use(/^\/login$/, limiter({ name: 'login' }))
    app.all('/login', answer)
    const [route] = auditRoutes(app).routes
    expect(route).toMatchObject({
      state: 'unlimited',
      bypass: { request: 'GET /LOGIN', limiters: ['login'] },
      why: "GET /LOGIN reaches it and bypasses limiter 'login'.",
    })
  })

  it('gives the function that answers', () => {
    const app = express()
    app.get('/x', pass, answer)
    app.use('/y', pass)
    const { routes } = auditRoutes(app)
    expect(routes.map(({ handler }) => handler)).toEqual([answer, pass, undefined])
  })
})

it('shows all limiters of the login recipe', () => {
  const route = auditRoutes(createApp()).routes.find(({ method }) => method === 'POST')
  expect([route?.state, namesOf(route?.limiters), namesOf(route?.inDoubt)]).toEqual([
    'limited',
    ['default'],
    ['login-address', 'login-name'],
  ])
})
