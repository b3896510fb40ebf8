import { isIP } from 'node:net'
import { warn } from '../errors/warning.ts'
import { parseAddress } from './address.ts'
import { clientKeyOf } from './client-key.ts'

/** The first character of an IPv6 address. It spares most other keys the look at the whole text. */
const FIRST_OF_IPV6 = /^[\da-f:]/i

/**
 * Returns a function that warns once of a key that is an IPv6 address: `ipv6Subnet` does not group it, and one customer
 * has many trillions of them.
 */
export function warnOfUngroupedKeys(limiterName: string, ipv6Subnet: number): (key: unknown) => void {
  let hasWarned = false
  return (key) => {
    if (hasWarned || typeof key !== 'string' || !FIRST_OF_IPV6.test(key) || isIP(key) !== 6) return
    const grouped = clientKeyOf(parseAddress(key), ipv6Subnet)
    if (!grouped.includes('/')) return
    hasWarned = true
    warn(
      'TOLLGATE_UNGROUPED_IPV6_KEY',
      `The keyGenerator of the limiter '${limiterName}' returned an IPv6 address, so that a client gets a new quota with each of its addresses. Return the second argument, which is the client key, or clientKey(req.ip).`,
    )
  }
}
