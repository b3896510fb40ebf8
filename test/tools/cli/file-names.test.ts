import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/tools/cli/program.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { combinedLine } from './log-lines.ts'

/** Ends a line, turns the text red, and clears the line of a report: as a control sequence of 7 and 8 bits. */
const NAME = 'a\n\u001b[31m\u009b2K\u202e.log'
const SHOWN = 'a\\x0a\\x1b[31m\\x9b2K\\u{202e}.log'
const CONTROL = /[\x7f-\x9f\u202e]|(?!\n)\p{Cc}/u

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-names-'))
  await writeFile(join(folder, NAME), `${combinedLine()}\n\u001b[31mno request\n`)
  await writeFile(join(folder, `unreadable-${NAME}`), '{"\u001b[31m":1}\n')
  await mkdir(join(folder, `folder-${NAME}`))
  await writeFile(join(folder, `zip-${NAME}`), 'PK\u0003\u0004')
  await writeFile(join(folder, `module-${NAME}.mjs`), "throw new Error('\u001b[31m')")
  await writeFile(join(folder, `empty-${NAME}.mjs`), "export { x as '\u001b[31m' }; const x = 1")
  await writeFile(join(folder, `typed-${NAME}.ts`), 'enum {')
})

afterAll(() => rm(folder, { recursive: true }))

async function run(...args: string[]): Promise<{ output: string; messages: string; exitCode: number }> {
  const terminal = fakeTerminal()
  const exitCode = await runProgram(args, terminal)
  return { output: terminal.outputText(), messages: terminal.messagesText(), exitCode }
}

/** Threat 43: names of files, like the contents of logs, never reach a terminal with escape sequences. */
describe.runIf(process.platform !== 'win32')('the name of a file with escape sequences', () => {
  it('is escaped in the report of a replay', async () => {
    const { output, exitCode } = await run('replay', join(folder, NAME))
    expect(exitCode).toBe(0)
    expect(output).toContain(`${SHOWN}:2: `)
    expect(output).not.toMatch(CONTROL)
  })

  it('is escaped in the JSON report, which keeps the name', async () => {
    const path = join(folder, NAME)
    const { output } = await run('replay', path, '--json')
    expect(output).toMatch(/^[\n\x20-\x7e]*$/)
    expect(JSON.parse(output)).toMatchObject({ files: [path], unreadableLines: [{ path }] })
  })

  it.each([
    ['a log that does not exist', ['replay', `missing-${NAME}`]],
    ['a log that is a zip archive', ['replay', `zip-${NAME}`]],
    ['a log that is a folder', ['replay', `folder-${NAME}`]],
    ['a log without a readable line', ['replay', `unreadable-${NAME}`]],
    ['a chart in a folder that does not exist', ['replay', NAME, '--chart', `${NAME}/x`]],
    ['a module that does not exist', ['audit', `missing-${NAME}`]],
    ['a module that throws', ['audit', `module-${NAME}.mjs`]],
    ['a module without an app', ['audit', `empty-${NAME}.mjs`]],
    ['a module in TypeScript that cannot be loaded', ['audit', `typed-${NAME}.ts`]],
    ['several modules', ['audit', NAME, NAME]],
  ])('is escaped in the error of %s', async (_error, [command = '', name = '', ...others]) => {
    const args = others.map((arg) => (arg.startsWith('--') ? arg : join(folder, arg)))
    const { output, messages, exitCode } = await run(command, join(folder, name), ...args)
    expect(exitCode).toBe(2)
    expect(output).toBe('')
    expect(messages.endsWith('\n')).toBe(true)
    expect(messages).toContain('\\x1b[31m')
    // One line: no part of a name begins another one.
    expect(messages.slice(0, -1)).not.toMatch(/[\n\x7f-\x9f\u202e]|\p{Cc}/u)
  })

  it.each([
    ['a command', [`\u001b[31m\n`]],
    ['an option', ['replay', 'x', '--\u001b[31m\n']],
    ['a value', ['replay', 'x', '--format', '\u001b[31m\n']],
  ])('is escaped like any other argument: %s', async (_argument, args) => {
    const { messages, exitCode } = await run(...args)
    expect(exitCode).toBe(2)
    expect(messages.slice(0, -1)).not.toMatch(/\p{Cc}/u)
  })
})
