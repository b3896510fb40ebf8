import type { IncomingMessage } from 'node:http'
import type { Address } from '../client/address.ts'
import type { Trust } from '../client/forwarded-path.ts'
import { isPrivate } from '../client/trusted-proxies.ts'
import { warn } from '../errors/warning.ts'
import { appTrustsEverybody, trustOfApp } from './express-app.ts'

/**
 * Warns once that a header was not believed: behind a proxy that nobody has declared, all clients would
 * share the proxy's budget. The address is not named, since it may be a client's.
 */
export function warnOfIgnoredHeader(limiterName: string, header: string): (peer: Address) => void {
  let warned = false
  return (peer) => {
    if (warned) return
    warned = true
    const [network, remedy] = isPrivate(peer)
      ? ['a private', 'set trustProxy: 1 (or the number of proxies)']
      : ['a public', 'set trustProxy to its address or CIDR']
    warn(
      'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
      `The limiter '${limiterName}' ignored ${header} from ${network} address that trustProxy does not trust. If it is your proxy, ${remedy}.`,
    )
  }
}

/** Follows the Express app's own `trust proxy`, and warns once of an app that believes everybody. */
export function trustOfAppWithWarning(limiterName: string): (req: IncomingMessage) => Trust {
  let warned = false
  return (req) => {
    if (!warned && appTrustsEverybody(req)) {
      warned = true
      warn(
        'TOLLGATE_PERMISSIVE_TRUST_PROXY',
        `The app's 'trust proxy' is true, so that clients of the limiter '${limiterName}' choose their own addresses. Set it to the number of proxies, or set trustProxy.`,
      )
    }
    return trustOfApp(req)
  }
}
