import express from 'express'
import express4 from 'express4'
import { expect, it, onTestFinished } from 'vitest'
import { createRateLimiter } from '../../../../src/create-rate-limiter.ts'
import { runProgram } from '../../../../src/tools/cli/program.ts'
import { fakeTerminal } from '../fake-terminal.ts'
import { exportingModule } from './exporting-module.ts'

/** What the program prints for an app. */
async function audit(app: unknown, ...options: string[]) {
  const { path, remove } = exportingModule(app)
  onTestFinished(remove)
  const terminal = fakeTerminal()
  const exitCode = await runProgram(['audit', path, ...options], terminal)
  return { exitCode, output: terminal.outputText(), messages: terminal.messagesText() }
}

function corsMiddleware(_req: unknown, _res: unknown, next: () => void): void {
  next()
}

it('accepts middleware before a limiter by its name, and says how', async () => {
  const app = express().use(corsMiddleware, createRateLimiter())
  const refused = await audit(app)
  expect(refused.exitCode).toBe(1)
  expect(refused.output).toMatch(
    /^1 middleware may answer before a limiter\. Mount a limiter before the middleware, or accept it by name in --allow-before\.$/m,
  )
  expect(await audit(app, '--allow-before', 'corsMiddleware')).toMatchObject({ exitCode: 0, messages: '' })
  expect((await audit(app, '--allow-before', 'cors')).messages).toBe(
    "express-tollgate: --allow-before: is the name of no middleware before a limiter, got 'cors'. Remove it, or give one of corsMiddleware. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option\n",
  )
})

it('names its own options where they help, and no options of functions', async () => {
  const app = express()
  app.get('/skip', createRateLimiter({ skip: () => false }), (_req, res) => void res.end())
  app.get('/shadow', createRateLimiter({ name: 'shadow', mode: 'shadow' }), (_req, res) => void res.end())
  const { output } = await audit(app)
  expect(output).toContain(
    'name them in --except. --trust-skip accepts limiters with a skip function. --allow-shadow accepts limiters in shadow mode.\n',
  )
  expect(output).not.toMatch(/trustSkip|allowShadow|'except'/)
})

it('says that a limited route can be reached around one of its limiters, and shows it first', async () => {
  const app = express4()
  const [v1, auth] = [express4.Router(), express4.Router()]
  app.use(createRateLimiter())
  app.use('/v1/auth', createRateLimiter({ name: 'auth' }))
  app.get('/first', (_req, res) => void res.end())
  auth.post('/login', (_req, res) => void res.end())
  app.use('/v1', v1.use('/auth', auth))
  const { exitCode, output } = await audit(app)
  expect(exitCode).toBe(0)
  const [, firstRow] = output.split('\n')
  expect(firstRow).toMatch(
    /^POST +\/v1\/auth\/login +200\/60s +default, auth\? +limited +.* POST \/v1\/\/auth\/login reaches it/,
  )
  expect(output).toMatch(
    /\n1 limited route can be reached around one of several limiters: see the first rows\.\n$/,
  )
})

it('prints JSON with the names of limiters, the middleware, and the requests that bypass', async () => {
  const app = express4()
  app.use(corsMiddleware)
  app.use(/^\/login$/, createRateLimiter({ name: 'login' }))
  app.post('/login', (_req, res) => void res.end())
  const { exitCode, output } = await audit(app, '--format', 'json')
  expect(exitCode).toBe(1)
  expect(JSON.parse(output)).toMatchObject({
    everyRouteLimited: false,
    routes: [
      { kind: 'ahead', middleware: [{ name: 'corsMiddleware' }] },
      {
        path: '/login',
        limiters: [],
        inDoubt: ['login'],
        bypass: { request: 'POST /LOGIN', limiters: ['login'] },
      },
      { path: '(no route: 404)' },
    ],
  })
})

it('rejects a format that it does not know', async () => {
  const { exitCode, messages } = await audit(express(), '--format', 'sariff')
  expect(exitCode).toBe(2)
  expect(messages).toBe(
    "express-tollgate: --format: takes one of a few names, got 'sariff'. Did you mean 'sarif'? Give 'text' or 'json' or 'sarif'. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option\n",
  )
})
