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
    const advice = isPrivate(peer)
      ? 'The sender is on a private network: if it is your proxy, set trustProxy: 1 (or the number of proxies), or its address.'
      : 'The sender has a public address: if it is your proxy, set trustProxy to its address or CIDR; if it is a client, nothing is wrong.'
    warn(
      'TOLLGATE_UNTRUSTED_FORWARDED_HEADER',
      `The limiter '${limiterName}' met a request with ${header} from a sender that trustProxy does not trust, and ignored the header. ${advice}`,
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
        `The limiter '${limiterName}' follows the app's setting 'trust proxy', which is true: every client can choose its own address in X-Forwarded-For. Set it to the number of proxies in front of the app, or set trustProxy.`,
      )
    }
    return trustOfApp(req)
  }
}
