import type { Cidr } from './cidr.ts'
import { parseCidr } from './cidr.ts'

/** The names that stand for ranges in `trustProxy`: the same names and ranges as in Express. */
export const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Shared address space between a carrier and its customers (RFC 6598), where container networks live too. */
const CARRIER_GRADE_NAT = '100.64.0.0/10'

/** Networks that are not reachable from the Internet: where a proxy in front of the app has its address. */
export const PRIVATE_NETWORKS: readonly Cidr[] = [
  ...Object.values(NAMED_NETWORKS).flat(),
  CARRIER_GRADE_NAT,
].flatMap((text) => parseCidr(text) ?? [])
