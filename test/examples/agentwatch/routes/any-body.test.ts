import fc from 'fast-check'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { EVENT_TYPES } from '../../../../examples/agentwatch/domain/event.ts'
import { PLAN_NAMES } from '../../../../examples/agentwatch/domain/plans.ts'
import { startAgentwatch } from '../running-agentwatch.ts'

/** Bodies with the fields of the routes, and with valid and invalid values. */
const bodyWithKnownFields = fc.record(
  {
    sessionId: fc.constantFrom('SESSION_ID', 'ses_x'),
    type: fc.oneof(fc.constantFrom(...EVENT_TYPES), fc.jsonValue()),
    name: fc.oneof(fc.string(), fc.jsonValue()),
    agent: fc.oneof(fc.string(), fc.jsonValue()),
    inputTokens: fc.oneof(fc.nat(), fc.double(), fc.jsonValue()),
    confidence: fc.oneof(fc.double({ min: 0, max: 1 }), fc.jsonValue()),
    timestamp: fc.oneof(fc.date().map(String), fc.jsonValue()),
    events: fc.oneof(
      fc.array(fc.record({ type: fc.constant('decision'), name: fc.string() })),
      fc.jsonValue(),
    ),
    model: fc.constantFrom('gpt-4o', 'constructor', null),
    checkpointId: fc.jsonValue(),
    label: fc.jsonValue(),
    blockedTools: fc.jsonValue(),
    maxSessionCostUsd: fc.jsonValue(),
    sessions: fc.jsonValue(),
    budgetUsd: fc.jsonValue(),
    plan: fc.oneof(fc.constantFrom(...PLAN_NAMES, 'constructor'), fc.jsonValue()),
  },
  { requiredKeys: [] },
)

describe('any body', () => {
  it('is accepted or answered with an error of the client, never with 500', async () => {
    const { url } = await startAgentwatch({
      env: { API_RATE_LIMIT_WRITE: '1000000', API_RATE_LIMIT_READ: '1000000' },
    })
    const agent = request(url)
    const { body: session } = await agent.post('/api/v1/sessions').send({ agent: 'bot' }).expect(201)
    const { body: tenant } = await agent.post('/api/v1/tenants').send({ name: 'Acme' }).expect(201)
    const routes = [
      ['post', '/sessions'],
      ['patch', `/sessions/${session.id}`],
      ['post', `/sessions/${session.id}/simulate`],
      ['post', `/sessions/${session.id}/rollback`],
      ['post', `/sessions/${session.id}/checkpoints`],
      ['post', '/events'],
      ['post', '/events/batch'],
      ['put', '/safety/policy'],
      ['post', '/safety/check'],
      ['post', '/demo/seed'],
      ['post', '/tenants'],
      ['patch', `/tenants/${tenant.id}`],
    ] as const
    const statuses = new Set<number>()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.oneof(bodyWithKnownFields, fc.jsonValue()),
        async (route, body) => {
          const text = JSON.stringify(body).replace('"SESSION_ID"', JSON.stringify(session.id))
          const [method, path] = route
          const answer = await agent[method](`/api/v1${path}`)
            .set('Content-Type', 'application/json')
            .send(text)
          statuses.add(answer.status)
          expect([200, 201, 400, 404, 409, 429]).toContain(answer.status)
          if (answer.status === 400) expect(answer.body.error).toBe('invalid_request')
        },
      ),
      { numRuns: 300 },
    )
    expect(statuses.has(400)).toBe(true)
    for (const path of ['trace', 'confidence', 'reasoning', 'cost', 'replay', 'checkpoints', 'events']) {
      await agent.get(`/api/v1/sessions/${session.id}/${path}`).expect(200)
    }
    for (const path of [
      `tenants/${tenant.id}/usage`,
      'dashboard/summary',
      'dashboard/top',
      'governance/compliance-report',
      'safety/blocked',
    ]) {
      await agent.get(`/api/v1/${path}`).expect(200)
    }
  })
})
