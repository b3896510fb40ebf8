import { isIP } from 'node:net'
import { parseArgs } from 'node:util'

/** The log to play, the server, and the speed. */
export interface ReplayArguments {
  readonly logPath: string
  readonly url: URL
  /** Times as fast as the log was written. `'max'`: as fast as the server answers. */
  readonly speed: number | 'max'
}

export const USAGE =
  'npm run replay -- <access log, plain or .gz> [--url http://127.0.0.1:3000] [--speed 60 | --speed max]'

/**
 * Reads the command line. The error for a bad argument names the argument, its value and the valid values.
 */
export function readArguments(argv: readonly string[]): ReplayArguments {
  const { values, positionals } = parse(argv)
  const [logPath, ...others] = positionals
  if (logPath === undefined) throw new Error(`The access log is missing. Usage: ${USAGE}`)
  if (others.length > 0)
    throw new Error(`Give one log only, got also '${others.join("', '")}'. Usage: ${USAGE}`)
  return { logPath, url: readUrl(values.url), speed: readSpeed(values.speed) }
}

function parse(argv: readonly string[]): {
  values: { url: string; speed: string }
  positionals: readonly string[]
} {
  const options = {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    speed: { type: 'string', default: '60' },
  } as const
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} Usage: ${USAGE}`, {
      cause: error,
    })
  }
}

/**
 * Only a server of this machine is accepted. A replay to another machine would be an attack, and that machine
 * would not trust the addresses in X-Forwarded-For.
 */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' && isLoopback(url.hostname)) return url
  throw new Error(
    `--url must be an http URL of this machine, got '${text}'. Try --url http://127.0.0.1:3000.`,
  )
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  )
}

function readSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const speed = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (speed > 0) return speed
  throw new Error(
    `--speed must be a number above 0, or max, got '${text}'. Try --speed 60: it plays a minute in a second.`,
  )
}
