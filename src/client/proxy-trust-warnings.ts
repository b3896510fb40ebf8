import type { IncomingMessage } from 'node:http'
import { warn } from '../errors/warning.ts'
import { appTrustsEveryProxy, trustOfApp } from './express-proxy-trust.ts'
import type { ProxyTrust } from './proxy-chain.ts'

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
