import type { RequestHandler } from 'express'
import type { Watch } from '../domain/watch.ts'
import { Problem } from '../problem.ts'
import { identify, identityOf, setIdentity } from './identity.ts'

/** Lets nobody past without a valid key, if the server has one. Belongs after the limiter: guesses count. */
export function requireKey(watch: Watch, operatorKey: string | undefined): RequestHandler {
  return (req, res, next) => {
    setIdentity(res, identify(req.headers, watch, operatorKey))
    next()
  }
}

/** Lets only the operator past. */
export const operatorOnly: RequestHandler = (_req, res, next) => {
  if (identityOf(res).role === 'operator') return next()
  throw new Problem({
    kind: 'forbidden',
    message: "A tenant's key does not open this.",
    remedy: "It opens the tenant's own sessions and events; use the operator's key for the rest.",
  })
}
