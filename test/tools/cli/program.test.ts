import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { runProgram } from '../../../src/tools/cli/program.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { combinedLine } from './log-lines.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PROGRAM = join(ROOT, manifest.bin['express-tollgate'])

/** A project of a stranger, with this package and Express in its node_modules. */
let project = ''

const FILES: Readonly<Record<string, string>> = {
  'limited.cjs': `
    const express = require('express')
    const { createRateLimiter } = require('express-tollgate')
    const app = express()
    console.log('a line of the app')
    app.use(createRateLimiter())
    app.get('/x', (req, res) => res.end())
    app.listen(0, '127.0.0.1')
    setInterval(() => {}, 1000)
    module.exports = app`,
  'open.mjs': `
    import express from 'express'
    export async function createApp() {
      const app = express()
      app.get('/health', (req, res) => res.end())
      return app
    }`,
  'typed.ts': `
    import express from 'express'
    enum Colour { Red }
    export const app: express.Express = express()`,
  'broken.mjs': "throw new Error('no database')",
  'later.mjs': "setImmediate(() => { throw new Error('too late') }); await new Promise(() => {})",
}

beforeAll(() => {
  if (!existsSync(PROGRAM)) throw new Error('dist is missing: run `npm run build`, or `npm test`.')
  project = mkdtempSync(join(tmpdir(), 'tollgate-program-'))
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  for (const [name, text] of Object.entries(FILES)) {
    // The package finds itself by its name only from within: elsewhere its path stands for it.
    writeFileSync(
      join(project, name),
      text.replace("'express-tollgate'", `'${join(ROOT, 'dist/index.cjs')}'`),
    )
  }
})

afterAll(() => rmSync(project, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly messages: string
}

/** Runs the built program; with `takes`, its reader goes away after that many bytes. */
function run(words: readonly string[], { env = {}, takes = Number.POSITIVE_INFINITY } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd: project,
      env: { ...process.env, ...env },
    })
    let output = ''
    let messages = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.length >= takes) child.stdout.destroy()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      messages += chunk.toString()
    })
    child.on('close', (code) => resolve({ code, output, messages }))
  })
}

describe('the program', () => {
  it.each([[['--help']], [['help']], [['-h']]])('%j shows the commands', async (words) => {
    const terminal = fakeTerminal()
    expect(await runProgram(words, terminal)).toBe(0)
    expect(terminal.written()).toMatch(/^express-tollgate: .*\n\n {2}express-tollgate audit <module> /)
  })

  it.each(['audit', 'entries', 'replay'])('shows the options of %s', async (command) => {
    const terminal = fakeTerminal()
    expect(await runProgram([command, 'x', '--help'], terminal)).toBe(0)
    expect(terminal.written()).toContain(`express-tollgate ${command} <`)
    expect(terminal.written()).toMatch(/\n {2}--\w+/)
  })

  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, output: `${manifest.version}\n`, messages: '' })
  })

  it('without a command shows them, and fails', async () => {
    const terminal = fakeTerminal()
    expect(await runProgram([], terminal)).toBe(2)
    expect(terminal.written()).toBe('')
    expect(terminal.told()).toContain('express-tollgate audit <module>')
  })

  it.each([
    [
      ['replya'],
      "express-tollgate: command: is not one of ours, got 'replya'. Did you mean 'replay'? There are audit, entries, replay, --help, --version.\n",
    ],
    [
      ['audit'],
      'express-tollgate: audit: takes a module, got undefined. Give the file that exports your app: ./app.js.\n',
    ],
    [
      ['audit', 'a.js', '/health'],
      "express-tollgate: audit: takes one module, got '/health'. Write --except before each path.\n",
    ],
    [['replay', '/no/such/log'], /^express-tollgate: \/no\/such\/log: cannot be read \(ENOENT/],
  ])('%j is a mistake', async (words, message) => {
    const terminal = fakeTerminal()
    expect(await runProgram(words, terminal)).toBe(2)
    expect(terminal.told()).toMatch(message)
  })

  it('ends like any other when its reader goes away', async () => {
    const log = join(project, 'long.log')
    const lines = Array.from({ length: 30_000 }, (_, index) =>
      combinedLine({ address: `10.0.${index >> 8}.${index & 255}` }),
    )
    writeFileSync(log, `${[...lines, ...lines].join('\n')}\n`)
    const { code, messages } = await run(['replay', log, '--read', '1', '--top', '30000'], { takes: 1 })
    expect(messages).toBe('')
    expect(code).toBe(141)
  })
})

describe('an audit by the program', () => {
  it('passes an app whose limiter is of another copy, and ends though a server is left open', async () => {
    expect(await run(['audit', 'limited.cjs'])).toEqual({
      code: 0,
      output: [
        'METHOD  PATH             LIMITS                        LIMITERS  STATE',
        'GET     /x               1000/60s                      default   limited',
        'ALL     (no route: 404)  read 1000/60s, write 200/60s  default   limited',
        '',
      ].join('\n'),
      // What the app prints must not come between the lines of the report.
      messages: 'a line of the app\n',
    })
  })

  it('prints JSON for machines', async () => {
    const { code, output } = await run(['audit', 'limited.cjs', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({
      everyRouteLimited: true,
      routes: [
        { method: 'GET', path: '/x', kind: 'route', limiters: ['default'], state: 'limited' },
        {
          method: 'ALL',
          path: '(no route: 404)',
          kind: 'fallthrough',
          limiters: ['default'],
          state: 'limited',
        },
      ],
    })
  })

  it('fails an app with an open route, the table first', async () => {
    const { code, output, messages } = await run(['audit', './open.mjs'])
    expect(code).toBe(1)
    expect(output).toContain('GET     /health          -       -         unlimited\n')
    expect(messages).toContain('2 of 2 routes are not proven to be limited.')
  })

  it('passes what is excepted, and nothing else', async () => {
    const except = ['--except', 'GET /health', '--except', '(no route: 404)']
    expect((await run(['audit', 'open.mjs', ...except])).code).toBe(0)
    expect((await run(['audit', 'open.mjs', '--except', '/health'])).code).toBe(1)
    const { code, messages } = await run(['audit', 'open.mjs', '--except', '/healthy'])
    expect(code).toBe(2)
    expect(messages).toContain("except[0]: matches no route, got '/healthy'.")
  })

  it.each([
    ['nothing.js', "audit: cannot be loaded (Error: Cannot find module '"],
    ['broken.mjs', "audit: cannot be loaded (Error: no database), got 'broken.mjs'."],
    ['later.mjs', 'Error: too late\n'],
  ])('cannot load %s', async (name, message) => {
    const { code, messages } = await run(['audit', name])
    expect(code).toBe(2)
    expect(messages).toContain(message)
  })

  it('says how TypeScript is loaded, and loads it so', async () => {
    const { code, messages } = await run(['audit', 'typed.ts'])
    expect(code).toBe(2)
    expect(messages).toContain(
      'TypeScript needs a loader of yours: NODE_OPTIONS="--import tsx" npx express-tollgate audit typed.ts',
    )
    const loaded = await run(['audit', 'typed.ts'], { env: { NODE_OPTIONS: '--import tsx' } })
    expect(loaded.code).toBe(1)
    expect(loaded.output).toContain('(no route: 404)')
  })
})
