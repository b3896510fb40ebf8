import request from 'supertest'
import { API_KEY } from './running-agentwatch.ts'

/** A tenant with a key and a session, and the clients of the API that a test needs. */
export interface TenantClients {
  readonly tenantId: string
  readonly sessionId: string
  /** Sends with the key of the tenant. */
  readonly agent: ReturnType<typeof request.agent>
  /** Sends with the key of the operator. */
  readonly operator: ReturnType<typeof request.agent>
  readonly key: string
  /** Reports an event of the tenant's session. */
  readonly report: (event?: object) => request.Test
  /** The answer of `GET /api/v1/tenants/:id/usage`. */
  readonly usage: () => Promise<Readonly<Record<string, unknown>>>
}

/** Adds a tenant to a server that has the key {@link API_KEY}, without a plan or with this one. */
export async function addTenant(url: string, name: string, plan?: string): Promise<TenantClients> {
  const operator = request.agent(`${url}/api/v1`).set('X-API-Key', API_KEY)
  const { body: tenant } = await operator.post('/tenants').send({ name, plan }).expect(201)
  const { body: issued } = await operator.post(`/tenants/${tenant.id}/api-keys`).expect(201)
  const agent = request.agent(`${url}/api/v1`).set('X-API-Key', issued.key)
  const { body: session } = await agent.post('/sessions').send({ agent: 'bot' }).expect(201)
  return {
    tenantId: tenant.id,
    sessionId: session.id,
    agent,
    operator,
    key: issued.key,
    report: (event = {}) =>
      agent.post('/events').send({ sessionId: session.id, type: 'llm_call', name: 'think', ...event }),
    usage: async () => (await operator.get(`/tenants/${tenant.id}/usage`).expect(200)).body,
  }
}
