import { createHmac, randomBytes } from 'node:crypto'
import { parseCidr } from '../../client/cidr.ts'
import { clientKeyOf, UNKNOWN_CLIENT } from '../../client/subnet.ts'

/** A client as the page shows it. */
export interface ShownClient {
  readonly text: string
  /** Tells clients apart that look alike; empty where the text does. */
  readonly tag: string
}

/** Turns a client key into what may be shown of it. */
export type ShowClient = (key: string) => ShownClient

/** Bits of an IPv6 address that stay: what a provider is given, with thousands of customers in it. */
const SHOWN_IPV6_BITS = 32

/** A key this short says too much by its first characters. */
const SHORT_KEY = 8

/** As it is shown with `showAddresses`: without characters that would hide what stands beside them. */
export const showWhole: ShowClient = (key) => ({ text: printable(key), tag: '' })

/**
 * Shows the network of an address or the beginning of any other key, and a tag made with a secret of its own: who
 * does not have the secret cannot try out keys on it.
 */
export function masker(secret: Buffer = randomBytes(32)): ShowClient {
  return (key) => {
    if (key === UNKNOWN_CLIENT) return { text: key, tag: '' }
    const tag = createHmac('sha256', secret).update(key).digest('hex').slice(0, 6)
    return { text: maskedAddress(key) ?? maskedKey(key), tag }
  }
}

function maskedAddress(key: string): string | undefined {
  const network = parseCidr(key)?.network
  if (network === undefined) return undefined
  if (network.kind() === 'ipv4') return network.toString().replace(/\d+$/, 'x')
  return clientKeyOf(network, SHOWN_IPV6_BITS)
}

function maskedKey(key: string): string {
  // By code points: half a surrogate pair is no character.
  const beginning = key.length < SHORT_KEY ? '' : Array.from(key.slice(0, 4)).slice(0, 2).join('')
  return `${printable(beginning)}...`
}

/** Control, format and other characters without a shape of their own become U+FFFD. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '\ufffd')
}
