import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { appOf, type ExpressApp, failInApp, isExpressApp } from '../../src/limiter/express-app.ts'
import { EXPRESS_VERSIONS } from '../support/http/express-versions.ts'

describe.each(EXPRESS_VERSIONS)('an app of %s', (_name, express) => {
  /** Answers each request by handing an error to the app. */
  const failingServer = (app: unknown) =>
    createServer((req: IncomingMessage, res: ServerResponse) => {
      if (!failInApp(new Error('broken'), req, res, app as ExpressApp)) res.end('no router')
    })

  it('is recognised, and its routers are not', () => {
    expect(isExpressApp(express())).toBe(true)
    for (const other of [express.Router(), () => undefined, {}, undefined, null]) {
      expect(isExpressApp(other)).toBe(false)
    }
    const app = express()
    expect(appOf(createServer(app))).toBe(app)
    expect(appOf(createServer(express.Router() as never))).toBeUndefined()
  })

  it('answers an error by its error handlers, and runs nothing else', async () => {
    const app = express()
    const ran: string[] = []
    app.use((_req: Request, _res: Response, next: NextFunction) => {
      ran.push('middleware')
      next()
    })
    app.get('/', (_req: Request, res: Response) => {
      ran.push('route')
      res.send('route')
    })
    app.use('/other', (error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(503).json({ other: error.message })
    })
    app.use((error: Error, req: Request, res: Response, _next: NextFunction) => {
      res.status(502).json({ message: error.message, path: req.path, query: req.query, locals: res.locals })
    })
    const response = await request(failingServer(app)).get('/?a=b')
    expect([response.status, response.body]).toEqual([
      502,
      { message: 'broken', path: '/', query: { a: 'b' }, locals: {} },
    ])
    expect((await request(failingServer(app)).get('/other')).body).toEqual({ other: 'broken' })
    expect(ran).toEqual([])
    // The app itself has not changed.
    expect((await request(app).get('/')).text).toBe('route')
    expect(ran).toEqual(['middleware', 'route'])
  })

  it('answers an error by itself where it has no error handler', async () => {
    const app = express()
    app.set('env', 'test')
    app.get('/', (_req: Request, res: Response) => void res.send('route'))
    const response = await request(failingServer(app)).get('/')
    expect(response.status).toBe(500)
    expect(response.text).toContain('broken')
  })
})

describe('an app of Express 4 without routes', () => {
  it('takes no error', async () => {
    const [express4] = EXPRESS_VERSIONS.filter(([name]) => name.includes('4')).map(([, express]) => express)
    const server = createServer((req, res) => {
      res.end(String(failInApp(new Error('broken'), req, res, express4?.() as unknown as ExpressApp)))
    })
    expect((await request(server).get('/')).text).toBe('false')
  })
})
