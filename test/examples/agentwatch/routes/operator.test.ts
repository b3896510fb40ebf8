import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { startAgentwatch } from '../running-agentwatch.ts'

describe('safety', () => {
  it('has a policy that can be read, replaced and checked', async () => {
    const { url } = await startAgentwatch()
    const api = request(`${url}/api/v1/safety`)
    expect((await api.get('/policy').expect(200)).body).toMatchObject({ maxSessionCostUsd: 5, revision: 1 })
    const check = { type: 'tool_call', name: 'browser.open' }
    await api.post('/check').send(check).expect(200, { allowed: true, violations: [], policyRevision: 1 })
    const policy = { blockedTools: ['browser.*'], maxEventTokens: 10 }
    expect((await api.put('/policy').send(policy).expect(200)).body).toMatchObject({
      blockedTools: ['browser.*'],
      blockedPatterns: [],
      maxSessionCostUsd: null,
      maxEventTokens: 10,
      revision: 2,
    })
    const { body } = await api
      .post('/check')
      .send({ ...check, inputTokens: 11 })
      .expect(200)
    expect(body).toEqual({
      allowed: false,
      violations: [
        { rule: 'blocked_tool', detail: "The tool browser.open is blocked by 'browser.*'." },
        { rule: 'event_tokens', detail: 'The event takes 11 tokens of at most 10.' },
      ],
      policyRevision: 2,
    })
    // A check stores nothing.
    expect((await api.get('/blocked').expect(200)).body).toMatchObject({ total: 0, everBlocked: 0 })
    for (const wrong of [
      { blockedTools: 'x' },
      { blockedPatterns: [''] },
      { maxSessionCostUsd: -1 },
      { max: 1 },
    ]) {
      const { body } = await api.put('/policy').send(wrong).expect(400)
      expect(body.field).toBe(Object.keys(wrong)[0])
    }
  })

  it('lists the blocked events', async () => {
    const { url } = await startAgentwatch()
    const api = request(`${url}/api/v1`)
    const { body: session } = await api.post('/sessions').send({ agent: 'bot' }).expect(201)
    const event = {
      sessionId: session.id,
      type: 'tool_call',
      name: 'shell.sudo',
      text: 'rm -rf / --no-preserve-root',
    }
    const { body: stored } = await api.post('/events').send(event).expect(201)
    expect(stored).toMatchObject({
      status: 'blocked',
      violations: [{ rule: 'blocked_tool' }, { rule: 'blocked_pattern' }],
    })
    expect((await api.get('/safety/blocked').expect(200)).body).toMatchObject({
      total: 1,
      everBlocked: 1,
      items: [{ eventId: stored.id, sessionId: session.id, policyRevision: 1 }],
    })
    expect((await api.get('/governance/compliance-report').expect(200)).body).toMatchObject({
      compliant: false,
      sessionsWithViolations: [session.id],
    })
  })
})

describe('demo, dashboard, system and metrics', () => {
  it('show the invented sessions', async () => {
    const { url } = await startAgentwatch()
    const api = request(url)
    const { body: seeded } = await api.post('/api/v1/demo/seed').send({ sessions: 3, seed: 5 }).expect(201)
    expect(seeded.sessions).toHaveLength(3)
    const costUsd = seeded.sessions.reduce(
      (sum: number, session: { costUsd: number }) => sum + session.costUsd,
      0,
    )
    const { body: summary } = await api.get('/api/v1/dashboard/summary').expect(200)
    expect(summary.costUsd).toBeCloseTo(costUsd, 5)
    const { body: top } = await api.get('/api/v1/dashboard/top?by=events&limit=1').expect(200)
    expect(top.sessions).toEqual([
      {
        name: expect.any(String),
        value: Math.max(...seeded.sessions.map((s: { events: number }) => s.events)),
      },
    ])
    await api.get('/api/v1/dashboard/top?by=fame').expect(400)
    await api.post('/api/v1/demo/seed').send({ sessions: 21 }).expect(400)
    const { body: status } = await api.get('/api/v1/system/status').expect(200)
    expect(status).toMatchObject({ status: 'ok', kept: { sessions: 3, events: summary.events, tenants: 0 } })
    const { body: pricing } = await api.get('/api/v1/system/pricing').expect(200)
    expect(pricing.models['gpt-4o']).toEqual({ input: 2.5, output: 10 })
    expect((await api.get('/health').expect(200)).body).toEqual({
      status: 'ok',
      uptimeSec: expect.any(Number),
    })
  })

  it('count requests, refusals and events, and have no client address', async () => {
    const { url, allAnswered } = await startAgentwatch({
      env: { API_RATE_LIMIT_WRITE: '2', API_RATE_LIMIT_TRUST_PROXY: 'loopback' },
    })
    const api = request(url)
    const from = { 'X-Forwarded-For': '198.51.100.77' }
    await api.post('/api/v1/demo/seed').set(from).expect(201)
    await api.post('/api/v1/nothing').set(from).expect(404)
    await api.post('/api/v1/demo/seed').set(from).expect(429)
    await allAnswered()
    const { text, headers } = await api.get('/metrics').expect(200)
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const metrics = new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line): [string, number] => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]),
    )
    expect(Object.fromEntries(metrics)).toMatchObject({
      'agentwatch_http_requests_total{class="2xx"}': 1,
      'agentwatch_http_requests_total{class="4xx"}': 2,
      'agentwatch_http_requests_total{class="5xx"}': 0,
      agentwatch_http_refused_total: 1,
      agentwatch_sessions: 5,
      agentwatch_sessions_total: 5,
    })
    expect(metrics.get('agentwatch_events_total{type="llm_call"}')).toBeGreaterThan(0)
    expect([...metrics.values()].every(Number.isFinite)).toBe(true)
    expect(text).not.toMatch(/198\.51|127\.0/)
  })
})

describe('tenants', () => {
  it('are created, listed, used and deleted', async () => {
    const { url } = await startAgentwatch()
    const api = request(`${url}/api/v1`)
    const created = await api.post('/tenants').send({ name: 'Acme', budgetUsd: 10 }).expect(201)
    const { id } = created.body
    expect(created.headers.location).toBe(`/api/v1/tenants/${id}`)
    expect(created.body).toMatchObject({ name: 'Acme', budgetUsd: 10, apiKeys: 0 })
    expect((await api.post('/tenants').send({ name: 'acme' }).expect(409)).body.message).toBe(
      "A tenant with the name 'acme' exists already.",
    )
    await api.post('/tenants').send({}).expect(400)
    expect((await api.get('/tenants').expect(200)).body).toMatchObject({ total: 1, items: [created.body] })
    await api.post('/sessions').send({ agent: 'bot', tenantId: id }).expect(201)
    expect((await api.get(`/tenants/${id}/usage`).expect(200)).body).toMatchObject({
      sessions: 1,
      remainingUsd: 10,
    })
    await api.delete(`/tenants/${id}`).expect(204)
    for (const path of ['', '/usage', '/api-keys']) await api.get(`/tenants/${id}${path}`).expect(404)
    await api.post(`/tenants/${id}/api-keys`).send({}).expect(404)
    await api.delete(`/tenants/${id}/api-keys/key_x`).expect(404)
  })

  it('get a key in one answer only', async () => {
    const { url } = await startAgentwatch()
    const api = request(`${url}/api/v1`)
    const { body: tenant } = await api.post('/tenants').send({ name: 'Acme' }).expect(201)
    const issued = await api.post(`/tenants/${tenant.id}/api-keys`).send({ label: 'ci' }).expect(201)
    expect(issued.headers['cache-control']).toBe('no-store')
    const { key, id: keyId } = issued.body
    const { body: listed } = await api.get(`/tenants/${tenant.id}/api-keys`).expect(200)
    expect(listed.keys).toEqual([{ ...issued.body, key: `aw_${keyId}_...${key.slice(-4)}` }])
    expect(JSON.stringify(listed)).not.toContain(key.slice(30, -4))
    await api.get('/sessions').set('X-API-Key', key).expect(200)
    await api.delete(`/tenants/${tenant.id}/api-keys/${keyId}`).expect(204)
    await api.get('/sessions').set('X-API-Key', key).expect(401)
    await api.delete(`/tenants/${tenant.id}/api-keys/${keyId}`).expect(404)
  })
})
