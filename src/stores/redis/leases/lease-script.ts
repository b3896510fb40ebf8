// The script of the leases, and how a server gets it.

import { createHash } from 'node:crypto'
import type { RedisConnection } from '../clients/redis-connection.ts'
import { explainReply } from '../error-replies.ts'
import { assembleScript } from '../scripts/assemble-script.ts'

// The build replaces the call of assembleScript by its result: see tsup.config.ts.
const SOURCE: string = assembleScript(new URL('../scripts/leases.lua', import.meta.url))
const SHA = createHash('sha1').update(SOURCE).digest('hex')

/** What `leases.lua` answers. */
export interface LeaseReply {
  /** How many of the leases in the call live now. */
  readonly held: number
  /** How many leases of the key live now. */
  readonly live: number
}

/**
 * Runs the script by its digest. A server that does not know it gets its text.
 *
 * @param args from ARGV[1] on
 */
export async function runLeaseScript(
  connection: RedisConnection,
  key: string,
  args: readonly string[],
): Promise<LeaseReply> {
  let reply: unknown
  try {
    reply = await connection.evalSha(SHA, [key], args)
  } catch (error) {
    // Nothing has happened yet, because the server did not know the script.
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw explainReply(error)
    reply = await connection.eval(SOURCE, [key], args)
  }
  const [held, live] = reply as [unknown, unknown]
  return { held: Number(held), live: Number(live) }
}
