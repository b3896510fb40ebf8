import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { createRateLimiter } from '../../../../src/create-rate-limiter.ts'
import { runProgram } from '../../../../src/tools/cli/program.ts'
import { fakeTerminal } from '../fake-terminal.ts'

it.each([
  [false, 1, /^ALL +\(upgrade listener upgrade\) +- +- +not-proven +No limiter runs before it\. /m],
  [true, 0, /^ALL +\(upgrade listener upgrade\) +read 1000\/60s, write 200\/60s +default +limited$/m],
])('an exported server is audited with all its listeners (guarded: %j)', async (isGuarded, code, row) => {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const app = express()
  const limiter = createRateLimiter()
  app.use(limiter)
  const serverOfTest = createServer(app)
  const sockets = new WebSocketServer({ server: serverOfTest })
  onTestFinished(() => sockets.close())
  if (isGuarded) limiter.guard(serverOfTest, app)
  Object.assign(globalThis, { serverOfTest })
  writeFileSync(join(folder, 'server.cjs'), 'module.exports = globalThis.serverOfTest')
  const terminal = fakeTerminal()
  const exitCode = await runProgram(['audit', join(folder, 'server.cjs')], terminal)
  expect(exitCode).toBe(code)
  expect(terminal.outputText()).toMatch(row)
})

it.each([
  ['app and server', '{ app, server }', 1, /\(upgrade listener upgrade\)/],
  ['an app alone', '{ app }', 0, /no route: 404/],
  ['app and two servers', '{ app, server, other }', 2, /several servers: server, other/],
])('a module that exports %s', async (_what, exported, code, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const app = express()
  app.use(createRateLimiter())
  const server = createServer(app)
  const sockets = new WebSocketServer({ server })
  onTestFinished(() => sockets.close())
  Object.assign(globalThis, { partsOfTest: { app, server, other: createServer() } })
  writeFileSync(
    join(folder, 'parts.cjs'),
    `const { app, server, other } = globalThis.partsOfTest; module.exports = ${exported}`,
  )
  const terminal = fakeTerminal()
  expect(await runProgram(['audit', join(folder, 'parts.cjs')], terminal)).toBe(code)
  expect(terminal.outputText() + terminal.messagesText()).toMatch(text)
})
