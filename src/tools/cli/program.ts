import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { nearestName } from '../../errors/nearest-name.ts'
import { isRateLimiterError, RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { runAudit } from './audit/run-audit.ts'
import { runEntries } from './entries/run-entries.ts'
import { AUDIT_HELP, ENTRIES_HELP, HELP, REPLAY_HELP } from './help.ts'
import { runReplay } from './replay/run-replay.ts'
import { EXIT, type Terminal } from './terminal.ts'

interface Command {
  readonly help: string
  readonly run: (words: readonly string[], terminal: Terminal) => Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  audit: { help: AUDIT_HELP, run: runAudit },
  entries: { help: ENTRIES_HELP, run: runEntries },
  replay: { help: REPLAY_HELP, run: runReplay },
}

/** Runs the program with the words behind its name. Returns the exit code; mistakes are told, not thrown. */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await runCommand(words, terminal)
  } catch (error) {
    // Of our own errors the message says it all; of others it is worth knowing where they come from.
    const text = isRateLimiterError(error) ? error.message : stackOf(error)
    terminal.messages.write(`express-tollgate: ${text}\n`)
    return EXIT.misused
  }
}

async function runCommand([name, ...words]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal[name === undefined ? 'messages' : 'output'].write(HELP)
    return name === undefined ? EXIT.misused : EXIT.fine
  }
  if (name === '--version' || name === '-v') {
    terminal.output.write(`${version()}\n`)
    return EXIT.fine
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw unknownCommand(name)
  if (words.includes('--help') || words.includes('-h')) {
    terminal.output.write(command.help)
    return EXIT.fine
  }
  return command.run(words, terminal)
}

function unknownCommand(name: string): RateLimiterError {
  const names = [...Object.keys(COMMANDS), '--help', '--version']
  const nearest = nearestName(name, names)
  return new RateLimiterError({
    code: 'unknown_option',
    option: 'command',
    value: name,
    problem: 'is not one of ours',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: `There are ${names.join(', ')}.`,
  })
}

/** The package names itself, from its sources as from what is built of them. */
function version(): string {
  const path = createRequire(import.meta.url).resolve('express-tollgate/package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
