import type { IncomingMessage } from 'node:http'
import { warn } from '../errors/warning.ts'
import type { Address } from './address.ts'
import { appTrustsEveryProxy, trustOfApp } from './express-proxy-trust.ts'
import { isPrivateAddress } from './private-networks.ts'
import type { ProxyTrust } from './proxy-chain.ts'

/**
 * Returns a function that warns once of a header whose sender is not trusted. If the sender is a proxy that
 * no option names, all its clients share one quota. The warning does not contain the address, which may be
 * that of a client.
 */
export function warnOfIgnoredHeader(limiterName: string, header: string): (peer: Address) => void {
  let hasWarned = false
  return (peer) => {
    if (hasWarned) return
    hasWarned = true
    const [network, remedy] = isPrivateAddress(peer)
      ? ['a private', 'set trustProxy: 1 (or the number of proxies)']
      : ['a public', 'set trustProxy to its address or CIDR']
    warn(
      'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
      `The limiter '${limiterName}' ignored ${header} from ${network} address that trustProxy does not trust. If it is your proxy, ${remedy}.`,
    )
  }
}

/** Uses the setting `trust proxy` of the Express app, and warns once of an app that trusts every address. */
export function trustOfAppWithWarning(limiterName: string): (req: IncomingMessage) => ProxyTrust {
  let hasWarned = false
  return (req) => {
    if (!hasWarned && appTrustsEveryProxy(req)) {
      hasWarned = true
      warn(
        'TOLLGATE_PERMISSIVE_TRUST_PROXY',
        `The app's 'trust proxy' is true, so clients of the limiter '${limiterName}' can choose their own addresses. Set it to the number of proxies, or set trustProxy.`,
      )
    }
    return trustOfApp(req)
  }
}
