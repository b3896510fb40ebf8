import { shorten } from './problem.ts'

/** The settings of the server. The limiter reads its own variables. */
export interface Settings {
  /** 0 for any free port. */
  readonly port: number
  /** Without a key, every caller is the operator. */
  readonly apiKey: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const MIN_KEY_LENGTH = 16

/** Reads the settings. The error for a bad value names the variable, the value and the valid values. */
export function readSettings(env: Environment): Settings {
  return { port: readPort(env.PORT), apiKey: readApiKey(env.AGENTWATCH_API_KEY) }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return 3000
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new Error(
    `PORT must be a whole number from 0 to 65535, got '${shorten(text)}'. ` +
      'Try PORT=3001, or 0 for any free port.',
  )
}

function readApiKey(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  // An empty or short key is a mistake that would make the server nearly open. The message does not show the
  // key.
  if (/^[\x21-\x7e]+$/.test(text) && text.length >= MIN_KEY_LENGTH) return text
  throw new Error(
    `AGENTWATCH_API_KEY must have at least ${MIN_KEY_LENGTH} characters of printable ASCII without spaces, ` +
      `got ${text.length}. Make one with: openssl rand -hex 16. For an open server, unset the variable.`,
  )
}
