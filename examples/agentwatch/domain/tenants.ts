import { notFound, Problem } from '../problem.ts'
import { type ApiKey, type IssuedKey, isKey, issueApiKey, keyIdIn } from './api-key.ts'
import type { Bounds } from './bounds.ts'
import { newId } from './identifier.ts'

/** What a caller says of a tenant to be. */
export interface NewTenant {
  /** Unlike all others, in any case. */
  readonly name: string
  /** US dollars, or null for no budget. */
  readonly budgetUsd: number | null
}

/** Somebody whose agents are watched. */
export interface Tenant extends NewTenant {
  readonly id: string
  readonly createdMs: number
  readonly keys: ReadonlyMap<string, ApiKey>
}

type Stored = Tenant & { readonly keys: Map<string, ApiKey> }

const LIST = 'GET /api/v1/tenants lists them.'

/** Keeps tenants and their keys, never more than the bounds say. */
export class Tenants {
  readonly #bounds: Bounds
  readonly #tenants = new Map<string, Stored>()
  /** Which tenant a key belongs to, by the key's id. */
  readonly #owners = new Map<string, Stored>()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  create(tenant: NewTenant, nowMs: number): Tenant {
    const name = tenant.name.toLowerCase()
    if (this.list().some((other) => other.name.toLowerCase() === name)) {
      throw conflict(`A tenant named '${tenant.name}' exists already.`, `Choose another name. ${LIST}`)
    }
    if (this.#tenants.size >= this.#bounds.maxTenants) {
      throw conflict(`There are ${this.#tenants.size} tenants, and no room for more.`, 'Delete one first.')
    }
    const created: Stored = { ...tenant, id: newId('ten'), createdMs: nowMs, keys: new Map() }
    this.#tenants.set(created.id, created)
    return created
  }

  list(): readonly Tenant[] {
    return [...this.#tenants.values()]
  }

  /** Throws the problem of an unknown id. */
  get(id: string): Tenant {
    return this.#get(id)
  }

  /** Takes its keys with it. */
  remove(id: string): void {
    const tenant = this.#get(id)
    for (const keyId of tenant.keys.keys()) this.#owners.delete(keyId)
    this.#tenants.delete(id)
  }

  issueKey(id: string, label: string, nowMs: number): IssuedKey {
    const tenant = this.#get(id)
    if (tenant.keys.size >= this.#bounds.maxApiKeysPerTenant) {
      const remedy = `DELETE /api/v1/tenants/${id}/api-keys/<keyId> revokes one.`
      throw conflict(`Tenant ${id} has ${tenant.keys.size} keys, and no room for more.`, remedy)
    }
    const issued = issueApiKey(label, nowMs)
    tenant.keys.set(issued.key.id, issued.key)
    this.#owners.set(issued.key.id, tenant)
    return issued
  }

  /** Throws the problem of an unknown id. */
  revokeKey(id: string, keyId: string): void {
    const revoked = this.#get(id).keys.delete(keyId)
    if (!revoked)
      throw notFound('key of this tenant', keyId, `GET /api/v1/tenants/${id}/api-keys lists them.`)
    this.#owners.delete(keyId)
  }

  /** The tenant to whom a key belongs, or undefined if it is nobody's. */
  ownerOf(secret: string): Tenant | undefined {
    const keyId = keyIdIn(secret)
    const owner = keyId === undefined ? undefined : this.#owners.get(keyId)
    const key = keyId === undefined ? undefined : owner?.keys.get(keyId)
    return key !== undefined && isKey(secret, key) ? owner : undefined
  }

  #get(id: string): Stored {
    const tenant = this.#tenants.get(id)
    if (tenant === undefined) throw notFound('tenant', id, LIST)
    return tenant
  }
}

function conflict(message: string, remedy: string): Problem {
  return new Problem({ kind: 'conflict', message, remedy })
}
