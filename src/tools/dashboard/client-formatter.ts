import { createHmac, randomBytes } from 'node:crypto'
import { UNKNOWN_CLIENT } from '../../client/client-key.ts'
import { maskedAddress } from '../../client/masked-address.ts'
import { printable } from './printable.ts'
import type { ShownClient } from './snapshot.ts'

/** Makes the text that the page shows for a client key. */
export type ClientFormatter = (key: string) => ShownClient

/** The first characters of a shorter key would reveal too much of it. */
const SHORTEST_SHOWN_KEY = 8

/** For `showAddresses`: the whole key, without characters that would hide the text beside it. */
export const formatInFull: ClientFormatter = (key) => ({ text: printable(key), tag: '' })

/**
 * Shows the network of an address, or the beginning of any other key, and a tag. The tag is an HMAC with a
 * secret of its own: without the secret nobody can find the key by trying out keys.
 */
export function createMaskingFormatter(secret: Buffer = randomBytes(32)): ClientFormatter {
  return (key) => {
    if (key === UNKNOWN_CLIENT) return { text: key, tag: '' }
    const tag = createHmac('sha256', secret).update(key).digest('hex').slice(0, 6)
    return { text: maskedAddress(key) ?? maskedKey(key), tag }
  }
}

function maskedKey(key: string): string {
  // By code points, because half of a surrogate pair is not a character.
  const beginning = key.length < SHORTEST_SHOWN_KEY ? '' : Array.from(key.slice(0, 4)).slice(0, 2).join('')
  return `${printable(beginning)}...`
}
