/*
 * The keys that a `keyGenerator` returns. One that is an IPv6 address gets its canonical text, so that a client has one
 * key however its address is written. An IPv4 address has one text only.
 */
import { isIP } from 'node:net'
import { warn } from '../errors/warning.ts'
import { type Address, addressText, parseAddress } from './address.ts'
import { clientKeyOf } from './client-key.ts'
import { parseHop } from './hop.ts'

/** The first character of an IPv6 address. A key that begins with another character needs no further test. */
const FIRST_OF_IPV6 = /^[\da-f:]/i

function ipv6AddressOf(key: string): Address | undefined {
  return FIRST_OF_IPV6.test(key) && isIP(key) === 6 ? parseAddress(key) : undefined
}

/** Texts within a key that may be IPv6 addresses. A network, such as a client key, is none. */
const IPV6_TEXTS = /[\da-f:.]{3,}(?![\da-f:.]|\/\d)/gi

/** A colon that joins an address with the rest of a key, and is no part of a `::` at its end. */
const JOINING_COLON = /^:(?!:(?!:))|(?<!(?<!:):):$/g

/** Whether a key, or a part of it, is an IPv6 address that stands for one client among those of its network. */
function hasUngroupedIPv6(key: string, ipv6Subnet: number): boolean {
  const texts = key.includes(':') ? (key.match(IPV6_TEXTS) ?? []) : []
  return texts.some((text) => {
    const address = ipv6AddressOf(text.replace(JOINING_COLON, ''))
    return address !== undefined && clientKeyOf(address, ipv6Subnet).includes('/')
  })
}

/** The key under which a limiter charges a client whose `keyGenerator` returns the address that a text names. */
export function generatedKey(text: string): string {
  const address = parseHop(text.trim())
  return address === undefined ? text : addressText(address)
}

/**
 * Returns `generatedKey` with a warning, once, of a key that is or has an IPv6 address: `ipv6Subnet` does not group it,
 * and a client can have many of them, each with a limit of its own.
 */
export function generatedKeyWithWarning(limiterName: string, ipv6Subnet: number): (key: unknown) => unknown {
  let hasWarned = false
  return (key) => {
    if (typeof key !== 'string') return key
    if (!hasWarned && hasUngroupedIPv6(key, ipv6Subnet)) {
      hasWarned = true
      warn(
        'TOLLGATE_UNGROUPED_IPV6_KEY',
        `The keyGenerator of the limiter '${limiterName}' returned a key with an IPv6 address, so that a client gets a new quota with each of its addresses. In place of the address, use the third argument, which is the client key, or clientKey(req.ip).`,
      )
    }
    const address = ipv6AddressOf(key)
    return address === undefined ? key : addressText(address)
  }
}
