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

/** A log of which no line can be read is an error: a report of nothing would look like a quiet server. */
const FILE_WITHOUT_REQUESTS = join(ROOT, 'LICENSE')

/** The folder of a project that uses this package and Express. */
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
  'factory.cjs': `
    exports.createApp = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      console.log('a line of the factory')
      return { app: require('express')(), port: 80 }
    }`,
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
  'broken.ts': "throw new Error('no schema')",
  'broken.mjs': "throw new Error('no database')",
  'never.mjs': 'export default () => new Promise(() => {})',
  'exits.mjs': 'process.exit(0)',
  'later.mjs': "setImmediate(() => { throw new Error('too late') }); await new Promise(() => {})",
}

beforeAll(() => {
  if (!existsSync(PROGRAM)) throw new Error('dist is missing: run `npm run build`, or `npm test`.')
  project = mkdtempSync(join(tmpdir(), 'tollgate-program-'))
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  for (const [name, text] of Object.entries(FILES)) {
    // The name of the package resolves inside this project only. The test project uses its path.
    writeFileSync(
      join(project, name),
      text.replace("'express-tollgate'", `'${join(ROOT, 'dist/index.cjs')}'`),
    )
  }
})

afterAll(() => rmSync(project, { recursive: true }))

interface ProgramResult {
  readonly exitCode: number | null
  readonly output: string
  readonly messages: string
}

/** Runs the built program. Closes its standard output after `maxBytes`. */
function run(
  args: readonly string[],
  { env = {}, maxBytes = Number.POSITIVE_INFINITY } = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: project,
      env: { ...process.env, ...env },
    })
    let output = ''
    let messages = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.length >= maxBytes) child.stdout.destroy()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      messages += chunk.toString()
    })
    child.on('close', (exitCode) => resolve({ exitCode, output, messages }))
  })
}

describe('the program', () => {
  it.each([[['--help']], [['help']], [['-h']]])('shows the commands for the arguments %j', async (args) => {
    const terminal = fakeTerminal()
    expect(await runProgram(args, terminal)).toBe(0)
    expect(terminal.outputText()).toMatch(/^express-tollgate: .*\n\n {2}express-tollgate audit <module> /)
  })

  it.each(['audit', 'replay'])('shows the options of %s', async (command) => {
    const terminal = fakeTerminal()
    expect(await runProgram([command, 'x', '--help'], terminal)).toBe(0)
    expect(terminal.outputText()).toContain(`express-tollgate ${command} <`)
    expect(terminal.outputText()).toMatch(/\n {2}--\w+/)
  })

  it('shows its version', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, output: `${manifest.version}\n`, messages: '' })
  })

  it('shows the commands and fails if no command is given', async () => {
    const terminal = fakeTerminal()
    expect(await runProgram([], terminal)).toBe(2)
    expect(terminal.outputText()).toBe('')
    expect(terminal.messagesText()).toContain('express-tollgate audit <module>')
  })

  it.each([
    [
      ['replya'],
      "express-tollgate: command: is unknown, got 'replya'. Did you mean 'replay'? The commands are audit, replay, --help, --version. See https://express-tollgate.github.io/express-tollgate/errors#unknown_option\n",
    ],
    [
      ['audit'],
      'express-tollgate: audit: takes a module, got undefined. Give the file that exports your app, such as ./app.js. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option\n',
    ],
    [
      ['audit', 'a.js', '/health'],
      "express-tollgate: audit: takes one module, got '/health'. Write --except before each path. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option\n",
    ],
    [['replay', FILE_WITHOUT_REQUESTS], /: has no line that can be read\. It has \d+ lines of text/],
    [['replay', '/no/such/log'], /^express-tollgate: \/no\/such\/log: cannot be read \(ENOENT/],
  ])('fails for the arguments %j', async (args, message) => {
    const terminal = fakeTerminal()
    expect(await runProgram(args, terminal)).toBe(2)
    expect(terminal.messagesText()).toMatch(message)
  })

  it('exits like a program that SIGPIPE ended when its reader closes the pipe', async () => {
    const log = join(project, 'long.log')
    const lines = Array.from({ length: 30_000 }, (_, index) =>
      combinedLine({ address: `10.0.${index >> 8}.${index & 255}` }),
    )
    writeFileSync(log, `${[...lines, ...lines].join('\n')}\n`)
    const { exitCode, messages } = await run(['replay', log, '--read', '1', '--top', '30000'], {
      maxBytes: 1,
    })
    expect(messages).toBe('')
    expect(exitCode).toBe(141)
  })
})

describe('an audit by the program', () => {
  it('passes for a limiter of another copy of the package, and exits although a server is open', async () => {
    expect(await run(['audit', 'limited.cjs'])).toEqual({
      exitCode: 0,
      output: [
        'METHOD  PATH             LIMITS                        LIMITERS  STATE    WHY',
        'GET     /x               1000/60s                      default   limited',
        'ALL     (no route: 404)  read 1000/60s, write 200/60s  default   limited',
        '',
        'Every route is limited.',
        '',
      ].join('\n'),
      // The output of the app must not come between the lines of the report.
      messages: 'a line of the app\n',
    })
  })

  it('prints JSON', async () => {
    const { exitCode, output } = await run(['audit', 'limited.cjs', '--format', 'json'])
    expect(exitCode).toBe(0)
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

  it('keeps what an app prints after it was loaded apart from the report', async () => {
    const { output, messages } = await run(['audit', 'factory.cjs', '--format', 'sarif'])
    expect(JSON.parse(output)).toMatchObject({ version: '2.1.0', runs: [{ results: [{}] }] })
    expect(messages).toBe('a line of the factory\n')
  })

  it('fails for an app with an unlimited route, and prints everything once, to standard output', async () => {
    expect(await run(['audit', './open.mjs'])).toEqual({
      exitCode: 1,
      output: [
        'METHOD  PATH             LIMITS  LIMITERS  STATE      WHY',
        'GET     /health          -       -         unlimited  No limiter runs before it.',
        'ALL     (no route: 404)  -       -         unlimited  No limiter runs before it.',
        '',
        '2 of 2 routes are not proven to be limited. Mount a limiter before the routes, or name them in --except.',
        '',
      ].join('\n'),
      messages: '',
    })
  })

  it('passes for the routes of --except only', async () => {
    const except = ['--except', 'GET /health', '--except', '(no route: 404)']
    const excepted = await run(['audit', 'open.mjs', ...except])
    expect(excepted.exitCode).toBe(0)
    expect(excepted.output).toMatch(/^GET +\/health +- +- +excepted +No limiter runs before it\.$/m)
    expect(excepted.output).toMatch(/\n\nEvery route is limited, or excepted \(2\)\.\n$/)
    expect((await run(['audit', 'open.mjs', '--except', '/health'])).exitCode).toBe(1)
    const { exitCode, messages } = await run(['audit', 'open.mjs', '--except', '/healthy'])
    expect(exitCode).toBe(2)
    expect(messages).toBe(
      "express-tollgate: --except: matches no route, got '/healthy'. Remove it, or write the path as the report shows it. See https://express-tollgate.github.io/express-tollgate/errors#invalid_option\n",
    )
  })

  it.each([
    ['nothing.js', "audit: cannot be loaded (Error: Cannot find module '"],
    ['broken.mjs', "audit: cannot be loaded (Error: no database), got 'broken.mjs'."],
    ['later.mjs', 'Error: too late\n'],
    ['never.mjs', 'the process ended before there was a result. Let the audited module export'],
    ['exits.mjs', 'the process ended before there was a result. Let the audited module export'],
  ])('fails for %s, which cannot be loaded', async (name, message) => {
    const { exitCode, messages } = await run(['audit', name])
    expect(exitCode).toBe(2)
    expect(messages).toContain(message)
  })

  it('names the loader that TypeScript needs, and works with it', async () => {
    const { exitCode, messages } = await run(['audit', 'typed.ts'])
    expect(exitCode).toBe(2)
    expect(messages).toContain(
      'TypeScript needs a loader that you install: NODE_OPTIONS="--import tsx" npx express-tollgate audit typed.ts',
    )
    const loaded = await run(['audit', 'typed.ts'], { env: { NODE_OPTIONS: '--import tsx' } })
    expect(loaded.exitCode).toBe(1)
    expect(loaded.output).toContain('(no route: 404)')
    const missing = await run(['audit', 'missing.ts'], { env: { NODE_OPTIONS: '--import tsx' } })
    expect(missing.messages).toContain('Give the file that exports your app, such as ./app.js.')
    const broken = await run(['audit', 'broken.ts'], { env: { NODE_OPTIONS: '--import tsx' } })
    expect(broken.messages).toMatch(
      /\(Error: no schema\).* The module itself threw this error while it was loaded\. Give it what it needs/,
    )
  })
})
