import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Response } from 'express'
import { sha256 } from '../domain/api-key.ts'
import type { Viewer } from '../domain/session-store.ts'
import type { Watch } from '../domain/watch.ts'
import { Problem } from '../problem.ts'

/** Who is calling: the operator, who may do everything, or a tenant, who sees its own sessions. */
export interface Identity {
  readonly role: 'operator' | 'tenant'
  /** The tenant's id; null for the operator. */
  readonly tenantId: Viewer
}

const OPERATOR: Identity = { role: 'operator', tenantId: null }

/**
 * Who sent these headers. Throws the problem of a missing or wrong key. Without an operator's key the server
 * is open, and a call without a key is the operator's; a wrong key is wrong all the same.
 */
export function identify(
  headers: IncomingHttpHeaders,
  watch: Watch,
  operatorKey: string | undefined,
): Identity {
  const key = keyIn(headers)
  if (key === undefined && operatorKey === undefined) return OPERATOR
  // Hashes have one length, so the comparison tells nothing about that of the key either.
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

/** Remembers who is calling for the handlers to come. */
export function setIdentity(res: Response, identity: Identity): void {
  res.locals.identity = identity
}

/** Who is calling. */
export function identityOf(res: Response): Identity {
  return res.locals.identity as Identity
}

function keyIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const plain = headers['x-api-key']
  return bearer ?? (typeof plain === 'string' ? plain : undefined)
}
