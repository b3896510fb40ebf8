// Deletes all keys of a store.

import type { SendCommand } from './clients/redis-connection.ts'

const KEYS_PER_SCAN = '1000'

/** Scans all keys of a server, and deletes those that match a pattern. */
export async function deleteAll(send: SendCommand, pattern: string): Promise<void> {
  let cursor = '0'
  do {
    const reply = await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_SCAN])
    const [next, keys] = reply as [unknown, unknown[]]
    // One command for each key: in a cluster, one command cannot have keys of several slots.
    await Promise.all(keys.map((key) => send(['UNLINK', String(key)])))
    cursor = String(next)
  } while (cursor !== '0')
}
