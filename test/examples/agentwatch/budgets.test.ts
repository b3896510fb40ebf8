import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createApp } from '../../../examples/agentwatch/app.ts'
import { PLANS } from '../../../examples/agentwatch/domain/plans.ts'
import type { Snapshot } from '../../../src/tools/dashboard/snapshot.ts'
import { beginUpload } from './begin-upload.ts'
import { API_KEY, type RunningAgentwatch, startAgentwatch, type TestOptions } from './running-agentwatch.ts'
import { addTenant, type TenantClients } from './tenant-clients.ts'

const FREE = PLANS.free.tokens
const EXCEEDED = {
  error: 'token_budget_exceeded',
  message: 'The plan of this tenant includes no more tokens this month.',
  remedy: 'Wait as many seconds as Retry-After says, or ask the operator for another plan.',
}

async function start(plan?: string, options: TestOptions = {}): Promise<RunningAgentwatch & TenantClients> {
  const env = { AGENTWATCH_API_KEY: API_KEY, API_RATE_LIMIT_WRITE: '100000', API_RATE_LIMIT_READ: '100000' }
  const server = await startAgentwatch({ ...options, env: { ...env, ...options.env } })
  return { ...server, ...(await addTenant(server.url, 'Acme', plan)) }
}

/** What the server sends to the live page at first. */
async function firstSnapshot(url: string): Promise<Snapshot> {
  const headers = { 'X-API-Key': API_KEY, Connection: 'keep-alive' }
  const [response] = (await once(get(`${url}/limits/events`, { headers }), 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    const [, data] = /^data: (.*)\n\n/m.exec(text) ?? []
    if (data !== undefined) return JSON.parse(data) as Snapshot
  }
  throw new Error(`no snapshot: ${text}`)
}

describe('the tokens of a tenant', () => {
  it('are charged as the stored events report them', async () => {
    const { report, usage, agent, sessionId } = await start()
    expect(await usage()).toMatchObject({
      plan: 'free',
      tokenBudget: { unit: 'tokens', limit: FREE, used: 0, remaining: FREE },
      requestsInFlight: { limit: 2, now: 0 },
    })
    await report({ inputTokens: 300, outputTokens: 20 }).expect(201)
    expect(await usage()).toMatchObject({ tokenBudget: { used: 320, remaining: FREE - 320 } })
    // Less than the estimate, and more.
    await report().expect(201)
    await report({ inputTokens: 5000 }).expect(201)
    expect(await usage()).toMatchObject({ tokenBudget: { used: 5320 } })
    const events = [{ outputTokens: 70 }, { inputTokens: 10 }, {}].map((event) => ({
      type: 'llm_call',
      name: 'think',
      ...event,
    }))
    await agent.post('/events/batch').send({ sessionId, events }).expect(201)
    expect(await usage()).toMatchObject({
      tokenBudget: { used: 5400 },
      inputTokens: 5310,
      outputTokens: 90,
    })
  })

  it('are not charged for requests that store nothing', async () => {
    const { report, usage, agent, sessionId, allAnswered } = await start()
    await report({ inputTokens: -1 }).expect(400)
    await report({ sessionId: 'ses_x', inputTokens: 5000 }).expect(404)
    const events = [
      { type: 'llm_call', name: 'think', inputTokens: 100 },
      { type: 'llm_call', name: 'think', parentId: 'evt_x' },
    ]
    await agent.post('/events/batch').send({ sessionId, events }).expect(400)
    await agent
      .post('/events')
      .send({ text: 'x'.repeat(110_000) })
      .expect(413)
    await agent.get('/events').expect(200)
    await allAnswered()
    expect(await usage()).toMatchObject({ tokenBudget: { used: 0 } })
  })

  it('can be overdrawn by one request, and then refuse until the month ends in Berlin', async () => {
    const { url, report, usage, agent } = await start()
    const sentMs = Date.now()
    await report({ inputTokens: FREE - 10, outputTokens: 20 }).expect(201)
    const refused = await report().expect(429, EXCEEDED)
    const answeredMs = Date.now()
    const { tokenBudget } = (await usage()) as { tokenBudget: { windowEndsAt: string } }
    expect(tokenBudget).toMatchObject({ limit: FREE, used: FREE, remaining: 0 })
    const waitMs = Number(refused.headers['retry-after']) * 1000
    const endsMs = Date.parse(tokenBudget.windowEndsAt)
    const inBerlin = new Date(endsMs).toLocaleString('sv', { timeZone: 'Europe/Berlin' })
    expect(inBerlin).toMatch(/^\d{4}-\d\d-01 00:00:00$/)
    expect(endsMs).toBeGreaterThan(sentMs + waitMs - 1000)
    expect(endsMs).toBeLessThanOrEqual(answeredMs + waitMs)
    // Everything but new events is allowed, and so are other tenants and the operator.
    await agent.get('/events').expect(200)
    await agent.post('/sessions').send({ agent: 'bot' }).expect(201)
    const other = await addTenant(url, 'Other')
    await other.report({ inputTokens: 1 }).expect(201)
  })

  it('are shown in headers, beside the requests', async () => {
    const { report } = await start()
    const { headers } = await report({ inputTokens: 300 }).expect(201)
    expect(headers['ratelimit-policy']).toMatch(new RegExp(`"tokens";q=${FREE};w=\\d+;qu="tokens"`))
    expect(headers['ratelimit-policy']).toContain('"in-flight-any";q=2;qu="concurrent-requests"')
    // The decision was made with the estimate.
    expect(headers.ratelimit).toContain(`"tokens";r=${FREE - 2000}`)
    expect(headers['x-ratelimit-limit']).toBe('100000')
  })

  it('are not those of the operator, whose events are charged to nobody', async () => {
    const { operator, sessionId, usage } = await start()
    const event = { sessionId, type: 'llm_call', name: 'think', inputTokens: 2 * FREE }
    for (let count = 0; count < 3; count++) await operator.post('/events').send(event).expect(201)
    expect(await usage()).toMatchObject({ tokenBudget: { used: 0 }, inputTokens: 6 * FREE })
  })

  it('stay estimated if they cannot be settled, and the agent gets its answer', async () => {
    const failure = new Error('not settled')
    const { report, usage } = await start(undefined, {
      createApp: (parts) => {
        vi.spyOn(parts.limiters.budgets.tokens, 'settle').mockRejectedValue(failure)
        return createApp(parts)
      },
    })
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => logged.mockRestore())
    await report({ inputTokens: 300 }).expect(201)
    expect(logged).toHaveBeenCalledExactlyOnceWith('The tokens of a request could not be settled:', failure)
    expect(await usage()).toMatchObject({ tokenBudget: { used: 2000 } })
  })
})

describe('the live page', () => {
  it('shows the tokens with their unit, and the requests in flight', async () => {
    const tenant = await start()
    await tenant.report({ inputTokens: 300 }).expect(201)
    await beginUpload(tenant)
    const { limiters } = await firstSnapshot(tenant.url)
    const byName = new Map(limiters.map((limiter) => [limiter.name, limiter]))
    expect(byName.get('tokens')).toMatchObject({
      unit: 'tokens',
      settles: true,
      busiest: [{ budget: { limit: FREE, remaining: FREE - 2300, unit: 'tokens', plan: 'free' } }],
    })
    expect(byName.get('in-flight')).toMatchObject({ inFlight: { running: 1, waiting: 0 } })
  })
})

describe('the requests in flight of a tenant', () => {
  it('are limited while their bodies are on the way', async () => {
    const tenant = await start()
    const { report, usage, sessionId, allAnswered } = tenant
    const [first, second] = [await beginUpload(tenant), await beginUpload(tenant)]
    expect(await usage()).toMatchObject({
      requestsInFlight: { limit: 2, now: 2 },
      tokenBudget: { used: 4000 },
    })
    const refused = await report().expect(429, '{"error":"concurrency_limit_exceeded"}')
    expect(refused.headers['retry-after']).toBe('1')
    first.end(`"sessionId":"${sessionId}","type":"decision","name":"x"}`)
    const [answer] = (await once(first, 'response')) as [IncomingMessage]
    expect(answer.resume().statusCode).toBe(201)
    second.destroy()
    await allAnswered()
    // The event reported no tokens. The aborted request keeps its estimate.
    expect(await usage()).toMatchObject({ requestsInFlight: { now: 0 }, tokenBudget: { used: 2000 } })
    await report().expect(201)
  })
})

describe('the plan of a tenant', () => {
  it('can be chosen, changed and read', async () => {
    const { operator, tenantId, report, usage } = await start('team')
    await report({ inputTokens: FREE + 1 }).expect(201)
    await report({ inputTokens: 10 }).expect(201)
    expect(await usage()).toMatchObject({ plan: 'team', tokenBudget: { used: FREE + 11 } })
    const change = (body: object) => operator.patch(`/tenants/${tenantId}`).send(body)
    expect((await change({ plan: 'free' }).expect(200)).body).toMatchObject({ id: tenantId, plan: 'free' })
    expect(await usage()).toMatchObject({
      plan: 'free',
      tokenBudget: { limit: FREE, used: FREE, remaining: 0 },
      requestsInFlight: { limit: 2 },
    })
    await report().expect(429, EXCEEDED)
    await change({ plan: 'enterprise' }).expect(200)
    await report().expect(201)
    const { tokenBudget } = await usage()
    expect(tokenBudget).toMatchObject({ limit: PLANS.enterprise.tokens })
    const { body } = await change({ plan: 'gold' }).expect(400)
    expect(body).toEqual({
      error: 'invalid_request',
      message: 'plan must be one of the choices, got "gold".',
      remedy: 'Give one of free, team, enterprise.',
      field: 'plan',
      value: 'gold',
    })
    await change({}).expect(400)
    await change({ plan: 'free', name: 'Other' }).expect(400)
    await operator.patch('/tenants/ten_x').send({ plan: 'free' }).expect(404)
  })
})
