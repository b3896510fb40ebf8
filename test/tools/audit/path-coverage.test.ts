import { describe, expect, it } from 'vitest'
import { auditRoutes } from '../../../src/tools/audit/index.ts'
import { EXPRESS_VERSIONS } from './express-versions.ts'
import { answer, limiter, lines, whyOf } from './route-fixtures.ts'

describe.each(EXPRESS_VERSIONS)(
  'the paths of limiters and routes on Express $name',
  ({ express, major, keepsMounts }) => {
    const mount = (path: string): string => (keepsMounts ? path : '(unknown mount)')
    const known = keepsMounts ? 'limited' : 'not-proven'

    it('compares mount paths where they are known, and reports where they are not', () => {
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
      expect(whyOf(routes, '/apish')).toBe('No limiter runs before it.')
      const why = whyOf(routes, `${mount('/api')}/users/:id`)
      expect(why).toBe(
        keepsMounts
          ? "Limiter 'api' runs before it."
          : "Limiter 'api' is mounted on (unknown mount). Some requests for this route may not reach the limiter. " +
              'This version of Express does not keep mount paths. Express 5.3 keeps them.',
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
        expect(routes[0]?.why).toBe("POST /auth//login reaches it and bypasses limiter 'login'.")
      }
    })

    it('finds the bypass of a case-sensitive regular expression', () => {
      const app = express()
      app.use(/^\/login/, limiter({ name: 'login' }))
      app.post('/login', answer)
      const { routes } = auditRoutes(app)
      expect(lines(routes)).toEqual(['POST /login: unlimited'])
      expect(routes[0]?.why).toBe("POST /LOGIN reaches it and bypasses limiter 'login'.")
    })

    it('reads the option of case-sensitive routers', () => {
      const app = express()
      app.enable('case sensitive routing')
      const loose = express.Router()
      loose.get('/x', answer)
      app.use('/a', limiter())
      app.get('/a/x', answer)
      app.get('/A', answer)
      expect(lines(auditRoutes(app).routes)).toEqual(['GET /a/x: limited', 'GET /A: unlimited'])
    })

    it('compares patterns with patterns: parameters and regular expressions', () => {
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

    it('reads each path of an array alone', () => {
      const app = express()
      const router = express.Router()
      router.get('/x', answer)
      app.use(['/a', '/b'], limiter())
      app.use(['/a', '/c'], router)
      app.get(['/b', '/c'], answer)
      const { routes } = auditRoutes(app)
      expect(lines(routes)).toEqual([
        ...(keepsMounts
          ? ['GET /a/x: limited', 'GET /c/x: unlimited']
          : ['GET (unknown mount)/x: not-proven']),
        'GET /b: limited',
        'GET /c: unlimited',
      ])
    })
  },
)
