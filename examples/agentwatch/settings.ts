import { shorten } from './problem.ts'

/** What the environment says of the server itself; the limiter reads its own variables. */
export interface Settings {
  /** 0 takes any free port. */
  readonly port: number
  /** Without it, everybody is the operator. */
  readonly apiKey: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const SHORTEST_KEY = 16

/** Reads the settings. A bad value is an error that names the variable, the value and what it takes. */
export function readSettings(env: Environment): Settings {
  return { port: readPort(env.PORT), apiKey: readApiKey(env.AGENTWATCH_API_KEY) }
}

function readPort(text: string | undefined): number {
  if (text === undefined) return 3000
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new Error(
    `PORT takes a whole number from 0 to 65535, got '${shorten(text)}'. Try PORT=3001, or 0 for any free port.`,
  )
}

function readApiKey(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  // An empty or short key is a slip that would leave the door open or nearly so; the value stays unsaid.
  if (/^[\x21-\x7e]+$/.test(text) && text.length >= SHORTEST_KEY) return text
  throw new Error(
    `AGENTWATCH_API_KEY takes at least ${SHORTEST_KEY} characters of printable ASCII without spaces, ` +
      `got ${text.length}. Make one with: openssl rand -hex 16. To leave the server open, unset it.`,
  )
}
