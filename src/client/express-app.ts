import type { IncomingMessage } from 'node:http'
import type { Trust } from '../client/forwarded-path.ts'
import { type TrustFunction, trustByFunction, trustNobody } from '../client/trusted-proxies.ts'

/** The settings of an Express app; other frameworks' requests have no app, or one without settings. */
interface AppWithSettings {
  get?: (setting: string) => unknown
}

/** One compiled trust for each function that an app has held. */
const compiled = new WeakMap<TrustFunction, Trust>()

/** What the app that handles this request trusts, by its own `trust proxy` setting. */
export function trustOfApp(req: IncomingMessage): Trust {
  const trusts = setting(req, 'trust proxy fn')
  if (typeof trusts !== 'function') return trustNobody
  let trust = compiled.get(trusts as TrustFunction)
  if (trust === undefined) {
    trust = trustByFunction(trusts as TrustFunction)
    compiled.set(trusts as TrustFunction, trust)
  }
  return trust
}

/** Whether the app believes everybody, which lets any client choose its own address. */
export function appTrustsEverybody(req: IncomingMessage): boolean {
  return setting(req, 'trust proxy') === true
}

function setting(req: IncomingMessage, name: string): unknown {
  const { app } = req as { app?: AppWithSettings }
  return typeof app?.get === 'function' ? app.get(name) : undefined
}
