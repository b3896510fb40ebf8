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
