import type { RequestHandler } from 'express'
import type { Watch } from '../domain/watch.ts'
import { Problem } from '../problem.ts'
import { identify, identityOf, setIdentity } from './identity.ts'

/**
 * Rejects requests without a valid key, if the server has a key. It belongs after the limiter, so that
 * attempts to guess a key are charged.
 */
export function requireKey(watch: Watch, operatorKey: string | undefined): RequestHandler {
  return (req, res, next) => {
    setIdentity(res, identify(req.headers, watch, operatorKey))
    next()
  }
}

/** Rejects all callers but the operator. */
export const operatorOnly: RequestHandler = (_req, res, next) => {
  if (identityOf(res).role === 'operator') return next()
  throw new Problem({
    kind: 'forbidden',
    message: 'This route needs the key of the operator. A key of a tenant was sent.',
    remedy: "Use the operator's key. A tenant's key gives access to the sessions and events of the tenant.",
  })
}
