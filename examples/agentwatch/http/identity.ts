import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Response } from 'express'
import { sha256 } from '../domain/api-key.ts'
import type { Viewer } from '../domain/session-store.ts'
import type { Watch } from '../domain/watch.ts'
import { Problem } from '../problem.ts'

/** The caller: the operator, who may use every route, or a tenant, who sees its own sessions only. */
export interface Identity {
  readonly role: 'operator' | 'tenant'
  /** The tenant's id; null for the operator. */
  readonly tenantId: Viewer
}

const OPERATOR: Identity = { role: 'operator', tenantId: null }

/**
 * The sender of these headers. Throws a Problem if the key is missing or wrong. A server without an
 * operator's key is open: a caller without a key is the operator. A wrong key is rejected on an open server
 * too.
 */
export function identify(
  headers: IncomingHttpHeaders,
  watch: Watch,
  operatorKey: string | undefined,
): Identity {
  const key = keyIn(headers)
  if (key === undefined && operatorKey === undefined) return OPERATOR
  // All hashes have the same length, so the comparison does not reveal the length of the key.
  if (key !== undefined && operatorKey !== undefined && timingSafeEqual(sha256(key), sha256(operatorKey))) {
    return OPERATOR
  }
  const tenant = key === undefined ? undefined : watch.tenants.ownerOf(key)
  if (tenant !== undefined) return { role: 'tenant', tenantId: tenant.id }
  throw new Problem({
    kind: 'unauthorized',
    message: key === undefined ? 'The API key is missing.' : 'The API key is not valid.',
    remedy: "Send 'Authorization: Bearer <key>' or 'X-API-Key: <key>'.",
  })
}

/** Stores the caller for the later handlers of this request. */
export function setIdentity(res: Response, identity: Identity): void {
  res.locals.identity = identity
}

/** The caller of this request. */
export function identityOf(res: Response): Identity {
  return res.locals.identity as Identity
}

function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const plain = headers['x-api-key']
  return bearer ?? (typeof plain === 'string' ? plain : undefined)
}
