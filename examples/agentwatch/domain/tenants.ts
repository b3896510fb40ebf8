import { notFound, Problem } from '../problem.ts'
import { type ApiKey, type IssuedKey, isKey, issueApiKey, keyIdIn } from './api-key.ts'
import type { Bounds } from './bounds.ts'
import { newId } from './identifier.ts'
import type { PlanName } from './plans.ts'

/** The properties of a tenant that a caller sets. */
export interface NewTenant {
  /** Unique; upper and lower case are the same. */
  readonly name: string
  readonly plan: PlanName
  /** US dollars, or null for no budget. */
  readonly budgetUsd: number | null
}

/** A customer whose agents are watched. */
export interface Tenant extends NewTenant {
  readonly id: string
  readonly createdMs: number
  readonly keys: ReadonlyMap<string, ApiKey>
}

type Stored = Omit<Tenant, 'plan'> & { plan: PlanName; readonly keys: Map<string, ApiKey> }

const LIST = 'GET /api/v1/tenants lists them.'

/** Stores tenants and their keys, never more than the bounds allow. */
export class Tenants {
  readonly #bounds: Bounds
  readonly #tenants = new Map<string, Stored>()
  /** The tenant of each key, by the id of the key. */
  readonly #owners = new Map<string, Stored>()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  create(tenant: NewTenant, nowMs: number): Tenant {
    const name = tenant.name.toLowerCase()
    if (this.list().some((other) => other.name.toLowerCase() === name)) {
      throw conflict(
        `A tenant with the name '${tenant.name}' exists already.`,
        `Choose another name. ${LIST}`,
      )
    }
    if (this.#tenants.size >= this.#bounds.maxTenants) {
      throw conflict(
        `The server already has the maximum of ${this.#tenants.size} tenants.`,
        'Delete a tenant first.',
      )
    }
    const created: Stored = { ...tenant, id: newId('ten'), createdMs: nowMs, keys: new Map() }
    this.#tenants.set(created.id, created)
    return created
  }

  list(): readonly Tenant[] {
    return [...this.#tenants.values()]
  }

  /** Throws a Problem for an unknown id. */
  get(id: string): Tenant {
    return this.#get(id)
  }

  /** Throws a Problem for an unknown id. */
  setPlan(id: string, plan: PlanName): Tenant {
    const tenant = this.#get(id)
    tenant.plan = plan
    return tenant
  }

  /** Removes the tenant with its keys. */
  remove(id: string): void {
    const tenant = this.#get(id)
    for (const keyId of tenant.keys.keys()) this.#owners.delete(keyId)
    this.#tenants.delete(id)
  }

  issueKey(id: string, label: string, nowMs: number): IssuedKey {
    const tenant = this.#get(id)
    if (tenant.keys.size >= this.#bounds.maxApiKeysPerTenant) {
      const remedy = `DELETE /api/v1/tenants/${id}/api-keys/<keyId> revokes one.`
      throw conflict(`Tenant ${id} already has the maximum of ${tenant.keys.size} keys.`, remedy)
    }
    const issued = issueApiKey(label, nowMs)
    tenant.keys.set(issued.key.id, issued.key)
    this.#owners.set(issued.key.id, tenant)
    return issued
  }

  /** Throws a Problem for an unknown id. */
  revokeKey(id: string, keyId: string): void {
    const revoked = this.#get(id).keys.delete(keyId)
    if (!revoked)
      throw notFound('key of this tenant', keyId, `GET /api/v1/tenants/${id}/api-keys lists them.`)
    this.#owners.delete(keyId)
  }

  /** The tenant that owns a key, or undefined for an unknown or wrong key. */
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
