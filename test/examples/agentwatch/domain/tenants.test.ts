import { describe, expect, it } from 'vitest'
import { DEFAULT_BOUNDS } from '../../../../examples/agentwatch/domain/bounds.ts'
import { ingest, startSession } from '../../../../examples/agentwatch/domain/ingest.ts'
import { type NewTenant, Tenants } from '../../../../examples/agentwatch/domain/tenants.ts'
import { usageOf } from '../../../../examples/agentwatch/domain/usage.ts'
import { createWatch } from '../../../../examples/agentwatch/domain/watch.ts'
import { newEvent, START_MS } from '../sample-event.ts'

const acme: NewTenant = { name: 'Acme', plan: 'free', budgetUsd: 1 }

describe('Tenants', () => {
  it('finds the owner of a key until the key is revoked', () => {
    const tenants = new Tenants(DEFAULT_BOUNDS)
    const { id } = tenants.create(acme, START_MS)
    const { key, secret } = tenants.issueKey(id, 'ci', START_MS)
    expect(tenants.ownerOf(secret)?.id).toBe(id)
    const last = secret.endsWith('A') ? 'B' : 'A'
    const wrong = [
      '',
      'aw_',
      `${secret}x`,
      secret.slice(0, -1),
      `${secret.slice(0, -1)}${last}`,
      `aw_${key.id}_`,
    ]
    expect(wrong.map((text) => tenants.ownerOf(text))).toEqual(wrong.map(() => undefined))
    tenants.revokeKey(id, key.id)
    expect(tenants.ownerOf(secret)).toBeUndefined()
    expect(() => tenants.revokeKey(id, key.id)).toThrow(
      `There is no key of this tenant with the id '${key.id}'.`,
    )
  })

  it('stores nothing that shows the text of a key', () => {
    const tenants = new Tenants(DEFAULT_BOUNDS)
    const { id } = tenants.create(acme, START_MS)
    const { key, secret } = tenants.issueKey(id, '', START_MS)
    expect(secret).toMatch(/^aw_key_[0-9a-f]{16}_[\w-]{43}$/)
    const stored = JSON.stringify(
      [...tenants.get(id).keys.values()].map((k) => ({ ...k, hash: k.hash.toString() })),
    )
    expect(stored).not.toContain(secret.slice(-43, -4))
    expect(key.ending).toBe(secret.slice(-4))
  })

  it('removes the keys of a tenant with the tenant', () => {
    const tenants = new Tenants(DEFAULT_BOUNDS)
    const { id } = tenants.create(acme, START_MS)
    const { secret } = tenants.issueKey(id, '', START_MS)
    tenants.remove(id)
    expect(tenants.ownerOf(secret)).toBeUndefined()
    expect(() => tenants.get(id)).toThrow(`There is no tenant with the id '${id}'.`)
  })

  it('rejects a tenant or a key above the maximum, and a name that exists', () => {
    const tenants = new Tenants({ ...DEFAULT_BOUNDS, maxTenants: 1, maxApiKeysPerTenant: 1 })
    const { id } = tenants.create(acme, START_MS)
    expect(() => tenants.create({ ...acme, name: 'ACME' }, START_MS)).toThrow(
      "A tenant with the name 'ACME' exists already.",
    )
    expect(() => tenants.create({ ...acme, name: 'Other' }, START_MS)).toThrow(
      'The server already has the maximum of 1 tenants.',
    )
    const { key } = tenants.issueKey(id, '', START_MS)
    expect(() => tenants.issueKey(id, '', START_MS)).toThrow(
      `Tenant ${id} already has the maximum of 1 keys.`,
    )
    tenants.revokeKey(id, key.id)
    expect(tenants.issueKey(id, '', START_MS).key.id).not.toBe(key.id)
  })
})

describe('usageOf', () => {
  it("adds up the tenant's own sessions and compares them with its budget", () => {
    const watch = createWatch({ now: () => START_MS })
    const tenant = watch.tenants.create(acme, START_MS)
    const call = newEvent({ type: 'llm_call', model: 'gpt-4o', inputTokens: 100_000, outputTokens: 100_000 })
    for (const tenantId of [tenant.id, tenant.id, null]) {
      const session = startSession(watch, { agent: 'bot', goal: '', tenantId })
      ingest(watch, session, [call, newEvent({ name: 'payments.refund' })])
    }
    watch.tenants.issueKey(tenant.id, '', START_MS)
    expect(usageOf(watch, tenant)).toEqual({
      tenantId: tenant.id,
      sessions: 2,
      events: 4,
      blockedEvents: 2,
      inputTokens: 200_000,
      outputTokens: 200_000,
      costUsd: 2.5,
      budgetUsd: 1,
      remainingUsd: -1.5,
      apiKeys: 1,
    })
  })
})
