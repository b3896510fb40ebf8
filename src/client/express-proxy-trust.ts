import type { IncomingMessage } from 'node:http'
import type { ProxyTrust } from './proxy-chain.ts'
import { type TrustFunction, trustByExpressFunction, trustNobody } from './proxy-trust.ts'

/** The settings of an Express app. A request of another framework has no app, or an app without settings. */
interface AppWithSettings {
  get?: (setting: string) => unknown
}

/** The proxies that the app of a request trusts, by its setting `trust proxy`. */
export function trustOfApp(req: IncomingMessage): ProxyTrust {
  const isTrusted = settingOf(req, 'trust proxy fn')
  if (typeof isTrusted !== 'function') return trustNobody
  return trustByExpressFunction(isTrusted as TrustFunction, req.socket?.remoteAddress)
}

/** Whether the app trusts every address. Then any client can choose its own address. */
export function appTrustsEveryProxy(req: IncomingMessage): boolean {
  return settingOf(req, 'trust proxy') === true
}

function settingOf(req: IncomingMessage, name: string): unknown {
  const { app } = req as { app?: AppWithSettings }
  return typeof app?.get === 'function' ? app.get(name) : undefined
}
