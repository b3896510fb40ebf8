import type { AddressList } from './address-list.ts'
import type { ProxyTrust } from './proxy-chain.ts'

/** How clients are identified, and which clients are on a list: the compiled options. */
export interface ClientSettings {
  /** Which proxies are trusted. Undefined if the `trust proxy` setting of the Express app decides. */
  readonly trust: ProxyTrust | undefined
  /** Whether the peer of an adapter's request, which has no address, is a trusted proxy. */
  readonly trustsAdapter: boolean
  /** Lower-case name of the one header that can name the client. */
  readonly header: string
  /** The number of bits of an IPv6 address that identify a client. */
  readonly ipv6Subnet: number
  /** Clients that are not limited; undefined without the option. */
  readonly allowList: AddressList | undefined
  /** Clients that are refused with 403; undefined without the option. */
  readonly denyList: AddressList | undefined
}
