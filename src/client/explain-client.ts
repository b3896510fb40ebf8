import { type Address, addressText } from './address.ts'
import { clientKeyOf } from './client-key.ts'
import { headerReader, peerAddressOf, type ResolvableRequest } from './client-resolver.ts'
import { headerBeside, isNamedByAdapter, trustRemedy } from './client-warnings.ts'
import { isRealSocket } from './peer-socket.ts'
import { clientNamedBy, type ProxyTrust } from './proxy-chain.ts'

/** One hop on the way of a request, from the peer of the socket on. */
export interface ExplainedHop {
  /** Undefined for a peer without an address, and where the header names nobody. */
  readonly address: string | undefined
  /**
   * - `trusted`: the next entry of the header is read.
   * - `not trusted`: it is the client, and no further entry is read.
   * - `not named`: the header has no further entry, or its entry is not an address. The hop before is the client.
   * - `unknown`: the peer has no address, and is not trusted.
   */
  readonly verdict: 'trusted' | 'not trusted' | 'not named' | 'unknown'
}

/** How a limiter finds the client of a request: what `limiter.explain` returns. */
export interface ClientExplanation {
  /** The address of the socket's peer; `127.0.0.1` for a Unix socket, and undefined if it has none. */
  readonly peer: string | undefined
  /** The header that can name the client, by its lower-case name, with its value in the request. */
  readonly header: { readonly name: string; readonly value: string | undefined }
  /** The hops that were looked at, from the peer on. */
  readonly hops: readonly ExplainedHop[]
  /**
   * The client key, which stands for the address. With a `keyGenerator` the client is charged under what that returns
   * instead, which `req.rateLimit.key` shows: no function among the options is called here.
   */
  readonly key: string
  /** What to change if all clients of a proxy have this key. Undefined if the header, or an adapter, named it. */
  readonly advice: string | undefined
}

/** How the client of a request is found, without the warnings. */
export interface ExplainSettings {
  readonly header: string
  readonly ipv6Subnet: number
  readonly trust: ProxyTrust
  readonly trustsAdapter: boolean
}

/** Finds the client of a request as the limiter does, and keeps what it has looked at. Warns of nothing. */
export function explainClient(req: ResolvableRequest, settings: ExplainSettings): ClientExplanation {
  const { header, ipv6Subnet, trust, trustsAdapter } = settings
  const peer = peerAddressOf(req.socket)
  const given = req.headers[header]
  const value = given === undefined ? undefined : String(given)
  const hops: ExplainedHop[] = []
  const record = (address: Address | undefined, verdict: ExplainedHop['verdict']): void => {
    hops.push({ address: address === undefined ? undefined : addressText(address), verdict })
  }
  const isTrusted: ProxyTrust = (address, hop) => {
    const answer = trust(address, hop)
    record(address, answer ? 'trusted' : 'not trusted')
    return answer
  }
  const isPeerTrusted = peer === undefined ? trustsAdapter && !isRealSocket(req.socket) : isTrusted(peer, 0)
  if (peer === undefined) record(undefined, isPeerTrusted ? 'trusted' : 'unknown')
  let named: Address | undefined
  if (isPeerTrusted && value !== undefined) {
    const readHop = headerReader(header)(value)
    named = clientNamedBy(() => {
      const address = readHop()
      if (address === undefined) record(undefined, 'not named')
      return address
    }, isTrusted)
  }
  return {
    peer: peer === undefined ? undefined : addressText(peer),
    header: { name: header, value },
    hops,
    key: clientKeyOf(named ?? peer, ipv6Subnet),
    advice: named === undefined ? adviceFor(req, { header, value, peer, isPeerTrusted }) : undefined,
  }
}

interface Finding {
  readonly header: string
  readonly value: string | undefined
  readonly peer: Address | undefined
  readonly isPeerTrusted: boolean
}

/** The setting that would have been right for a request in which no trusted proxy names the client. */
function adviceFor(
  req: ResolvableRequest,
  { header, value, peer, isPeerTrusted }: Finding,
): string | undefined {
  const { headers, socket } = req
  const namesPeer = peer !== undefined && value !== undefined
  if (namesPeer && !isPeerTrusted && isNamedByAdapter(peer, headerReader(header)(value), req))
    return undefined
  const other = value === undefined ? headerBeside(header, headers) : undefined
  const advice: string[] = []
  if (other !== undefined) advice.push(`set clientIpHeader: '${other}'`)
  if (isPeerTrusted) {
    if (other === undefined) advice.push(`let the proxy send the address of its client in ${header}`)
  } else if (value !== undefined || other !== undefined || peer === undefined) {
    if (peer !== undefined || !isRealSocket(socket)) advice.push(trustRemedy(peer))
  }
  return advice.length === 0 ? undefined : advice.join(', and ')
}
