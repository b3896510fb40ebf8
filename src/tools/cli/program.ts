import { nearestName } from '../../errors/nearest-name.ts'
import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { runAudit } from './audit/run-audit.ts'
import { AUDIT_HELP, HELP, REPLAY_HELP } from './help.ts'
import { packageManifest } from './package-manifest.ts'
import { printableLines, printableText } from './printable-text.ts'
import { runReplay } from './replay/run-replay.ts'
import { EXIT_CODES, type Terminal } from './terminal.ts'

interface Command {
  readonly help: string
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>
}

const COMMANDS: Readonly<Record<string, Command>> = {
  audit: { help: AUDIT_HELP, run: runAudit },
  replay: { help: REPLAY_HELP, run: runReplay },
}

/**
 * Runs the program. An error is written to the terminal, not thrown.
 *
 * @param args the arguments after the name of the program
 * @returns the exit code
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await runCommand(args, terminal)
  } catch (error) {
    // The message of our own errors is complete. Other errors are shown with their stack.
    const text =
      error instanceof RateLimiterError ? printableText(error.message) : printableLines(stackOf(error))
    terminal.messages.write(`express-tollgate: ${text}\n`)
    return EXIT_CODES.error
  }
}

async function runCommand([name, ...args]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) {
    terminal.messages.write(HELP)
    return EXIT_CODES.error
  }
  if (name === 'help' || name === '--help' || name === '-h') {
    terminal.output.write(HELP)
    return EXIT_CODES.success
  }
  if (name === '--version' || name === '-v') {
    terminal.output.write(`${packageManifest().version}\n`)
    return EXIT_CODES.success
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) throw unknownCommand(name)
  if (args.includes('--help') || args.includes('-h')) {
    terminal.output.write(command.help)
    return EXIT_CODES.success
  }
  return command.run(args, terminal)
}

function unknownCommand(name: string): RateLimiterError {
  const names = [...Object.keys(COMMANDS), '--help', '--version']
  const nearest = nearestName(name, names)
  return new RateLimiterError({
    code: 'unknown_option',
    option: 'command',
    value: name,
    problem: 'is unknown',
    ...(nearest === undefined ? {} : { nearest }),
    remedy: `The commands are ${names.join(', ')}.`,
  })
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
