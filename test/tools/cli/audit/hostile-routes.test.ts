import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { runProgram } from '../../../../src/tools/cli/program.ts'
import { fakeTerminal } from '../fake-terminal.ts'

/** Sets the title of the terminal, turns text around, and begins a line. */
const HOSTILE = 'a\u001bPtitle\u0007\u202eb\u2066c\u2028d\nexpress-tollgate: all is well\r\u009b31m'.replace(
  ':',
  '',
)

/** Apps whose routes are files have routes that are named after files. */
const APP = `
  const app = require(${JSON.stringify(fileURLToPath(import.meta.resolve('express')))})()
  app.get('/files/' + ${JSON.stringify(HOSTILE)}, (req, res) => res.end())
  module.exports = app`

it.each([[[]], [['--format', 'json']], [['--format', 'sarif']], [['--except', `/${HOSTILE}`]]])(
  'a route whose name holds control characters is escaped in the audit with the options %j (threat 43)',
  async (options) => {
    const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'app.cjs'), APP)
    const terminal = fakeTerminal()
    await runProgram(['audit', join(folder, 'app.cjs'), ...options], terminal)
    const text = terminal.outputText() + terminal.messagesText()
    expect(text).toContain('202e')
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  },
)
