/*
 * The clients that one limiter has met lately, with what the limiter has made of their addresses: texts that each
 * request would make again.
 */
import { type Address, parseAddress } from './address.ts'
import { clientKeyOf, UNKNOWN_CLIENT } from './client-key.ts'
import { ipv4PeerOf } from './peer-socket.ts'
import { RecentMap } from './recent-map.ts'

/** The client of a request. */
export interface Client {
  readonly key: string
  /** Undefined for a client whose socket has no address. */
  readonly address: Address | undefined
  /** The keys under which this limiter charges the client, by the class, as far as it has made them. */
  readonly storeKeys: Record<string, object | undefined>
}

/** How many clients are remembered by the address of their peer, and by their own. The texts are short. */
const REMEMBERED = 1000

/** A client whose address is parsed when it is first needed. */
class KnownClient implements Client {
  readonly key: string
  readonly storeKeys: Client['storeKeys'] = {}
  #address: Address | undefined

  /** @param address where the key is not the text of the address */
  constructor(key: string, address?: Address) {
    this.key = key
    this.#address = address
  }

  get address(): Address | undefined {
    this.#address ??= parseAddress(this.key)
    return this.#address
  }
}

/** The clients of one limiter. */
export class KnownClients {
  readonly unknown: Client = new KnownClient(UNKNOWN_CLIENT)
  readonly #ipv6Subnet: number
  readonly #byIPv6 = new WeakMap<Address, Client>()
  readonly #byText = new RecentMap<Client>(REMEMBERED)

  constructor(ipv6Subnet: number) {
    this.#ipv6Subnet = ipv6Subnet
  }

  /** The client of an address that a proxy has named, or of one that was parsed for another reason. */
  atAddress(address: Address): Client {
    // The text of an IPv4 address is its key, under which the other map has the client.
    if (address.kind() === 'ipv4') return this.atPeer(address.toString())
    let client = this.#byIPv6.get(address)
    if (client === undefined) {
      client = new KnownClient(clientKeyOf(address, this.#ipv6Subnet), address)
      this.#byIPv6.set(address, client)
    }
    return client
  }

  /** The client with an address as the kernel prints it. */
  atPeer(remoteAddress: string): Client {
    let client = this.#byText.get(remoteAddress)
    if (client === undefined) {
      client = this.#clientAt(remoteAddress)
      this.#byText.set(remoteAddress, client)
    }
    return client
  }

  #clientAt(remoteAddress: string): Client {
    const ipv4 = ipv4PeerOf(remoteAddress)
    if (ipv4 !== undefined) return new KnownClient(ipv4)
    const address = parseAddress(remoteAddress)
    return address === undefined ? this.unknown : this.atAddress(address)
  }
}
