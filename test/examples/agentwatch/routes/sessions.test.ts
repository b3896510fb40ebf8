import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { startAgentwatch, type TestOptions } from '../running-agentwatch.ts'
import { START_MS } from '../sample-event.ts'

async function startApi(options: TestOptions = {}): Promise<{
  get(path: string): request.Test
  send(method: 'post' | 'put' | 'patch' | 'delete', path: string, body?: object): request.Test
  session(): Promise<string>
}> {
  const { url } = await startAgentwatch(options)
  const agent = request(`${url}`)
  const send = (method: 'post' | 'put' | 'patch' | 'delete', path: string, body?: object): request.Test => {
    const test = agent[method](`/api/v1${path}`)
    return body === undefined ? test : test.send(body)
  }
  return {
    get: (path) => agent.get(`/api/v1${path}`),
    send,
    session: async () => (await send('post', '/sessions', { agent: 'bot' }).expect(201)).body.id as string,
  }
}

describe('sessions', () => {
  it('are started, listed, ended and removed', async () => {
    const { get, send } = await startApi()
    const created = await send('post', '/sessions', { agent: 'bot', goal: 'Find it.' }).expect(201)
    const { id } = created.body
    expect(created.headers.location).toBe(`/api/v1/sessions/${id}`)
    expect(created.body).toMatchObject({ agent: 'bot', goal: 'Find it.', tenantId: null, status: 'running' })
    expect(created.body).toMatchObject({ events: 0, costUsd: 0, confidence: 0.5 })
    await send('post', '/sessions', { agent: 'other' }).expect(201)
    expect((await get('/sessions').expect(200)).body).toMatchObject({ total: 2, limit: 50, offset: 0 })
    expect((await get('/sessions?agent=bot').expect(200)).body.items).toEqual([created.body])
    expect((await send('patch', `/sessions/${id}`, { status: 'completed' }).expect(200)).body.status).toBe(
      'completed',
    )
    expect((await get('/sessions?status=completed').expect(200)).body.total).toBe(1)
    await send('delete', `/sessions/${id}`).expect(204)
    await get(`/sessions/${id}`).expect(404, {
      error: 'not_found',
      message: `There is no session with the id '${id}'.`,
      remedy: 'GET /api/v1/sessions lists the stored sessions.',
    })
  })

  it('are pruned by age', async () => {
    let nowMs = START_MS
    const { get, send, session } = await startApi({ now: () => nowMs })
    await session()
    expect((await send('delete', '/sessions/prune').expect(200)).body).toEqual({
      pruned: 0,
      remaining: 1,
      olderThanSec: 86_400,
    })
    nowMs += 1
    expect((await send('delete', '/sessions/prune?olderThanSec=0').expect(200)).body.pruned).toBe(1)
    expect((await get('/sessions').expect(200)).body.total).toBe(0)
  })

  it('name the invalid field of a request', async () => {
    const { get, send, session } = await startApi()
    const id = await session()
    expect((await send('post', '/sessions', { agnet: 'bot' }).expect(400)).body).toEqual({
      error: 'invalid_request',
      message: 'agent must be a text, got nothing.',
      remedy: 'Give 1 to 100 characters.',
      field: 'agent',
    })
    expect((await send('post', '/sessions', { agent: 'bot', tenant: 'x' }).expect(400)).body.message).toBe(
      'tenant is not a field of this body, got "x".',
    )
    expect((await send('post', '/sessions').expect(400)).body.message).toBe(
      'body must be a JSON object, got nothing.',
    )
    expect((await send('patch', `/sessions/${id}`, { status: 'done' }).expect(400)).body.field).toBe('status')
    for (const query of ['limit=0', 'limit=x', 'offset=-1', 'status=done', 'sort=id']) {
      const { body } = await get(`/sessions?${query}`).expect(400)
      expect(body).toMatchObject({ error: 'invalid_request', field: query.split('=')[0] })
    }
    await send('delete', '/sessions/prune?olderThanSec=-1').expect(400)
    await send('post', '/sessions', { agent: 'bot', tenantId: 'ten_x' }).expect(404)
  })

  it('answer 404 for an unknown id in every route', async () => {
    const { get, send } = await startApi()
    const paths = ['', '/events', '/trace', '/confidence', '/reasoning', '/cost', '/replay', '/checkpoints']
    for (const path of paths) await get(`/sessions/ses_x${path}`).expect(404)
    for (const path of ['/simulate', '/rollback', '/checkpoints']) {
      await send('post', `/sessions/ses_x${path}`, {}).expect(404)
    }
    await send('patch', '/sessions/ses_x', { status: 'failed' }).expect(404)
    await send('delete', '/sessions/ses_x').expect(404)
    await send('post', '/events', { sessionId: 'ses_x', type: 'decision', name: 'x' }).expect(404)
    await send('post', '/events/batch', {
      sessionId: 'ses_x',
      events: [{ type: 'decision', name: 'x' }],
    }).expect(404)
    await get('/events/evt_x').expect(404)
    await send('post', '/safety/check', { sessionId: 'ses_x', type: 'decision', name: 'x' }).expect(404)
  })
})

describe('events', () => {
  it('are added, and read in every form', async () => {
    const { get, send, session } = await startApi()
    const sessionId = await session()
    const at = (second: number): string => `2026-01-31T12:00:0${second}.000Z`
    const plan = await send('post', '/events', {
      sessionId,
      type: 'reasoning',
      name: 'plan',
      text: 'Search first.',
      timestamp: at(1),
    }).expect(201)
    const parentId = plan.body.id
    const batch = await send('post', '/events/batch', {
      sessionId,
      events: [
        {
          type: 'llm_call',
          name: 'think',
          model: 'gpt-4o',
          inputTokens: 1000,
          outputTokens: 200,
          parentId,
          timestamp: at(2),
        },
        { type: 'tool_call', name: 'search.web', outcome: 'error', parentId, timestamp: at(3) },
      ],
    }).expect(201)
    expect(batch.body.taken).toBe(2)
    const checkpoint = await send('post', `/sessions/${sessionId}/checkpoints`, { label: 'searched' }).expect(
      201,
    )
    expect(checkpoint.body).toMatchObject({ label: 'searched', eventsUpTo: 4, eventsAfter: 0 })
    const decision = await send('post', '/events', {
      sessionId,
      type: 'decision',
      name: 'answer',
      confidence: 0.9,
    })
    expect(decision.body).toMatchObject({ sequence: 5, status: 'ok', violations: [], costUsd: 0 })

    expect((await get(`/events/${parentId}`).expect(200)).body).toEqual(plan.body)
    expect((await get('/events?limit=1').expect(200)).body).toMatchObject({
      items: [{ sequence: 5 }],
      total: 5,
    })
    const read = async (path: string): Promise<Record<string, unknown>> =>
      (await get(`/sessions/${sessionId}${path}`).expect(200)).body
    expect(await read('/events?type=tool_call')).toMatchObject({ total: 1, items: [{ status: 'error' }] })
    expect(await read('/trace')).toMatchObject({
      count: 5,
      depth: 2,
      spans: [{ id: parentId, children: [{ costUsd: 0.0045 }, { name: 'search.web' }] }, {}, {}],
    })
    // 2 of 3 steps succeeded: 0.7 of 3 / 5, plus 0.3 of the agent's own rating of 0.9
    expect(await read('/confidence')).toMatchObject({ score: 0.69, steps: 3, level: 'medium' })
    expect(await read('/reasoning')).toMatchObject({
      steps: [
        { step: 1, ledTo: [{ name: 'think' }, { name: 'search.web', status: 'error' }] },
        { kind: 'decision' },
      ],
    })
    expect(await read('/cost')).toMatchObject({
      totalUsd: 0.0045,
      ceilingUsd: 5,
      byModel: [{ model: 'gpt-4o' }],
    })
    const { frames } = (await read('/replay?speed=2')) as { frames: { offsetMs: number }[] }
    expect(frames.slice(0, 3).map((frame) => frame.offsetMs)).toEqual([0, 500, 1000])
    expect(await read('/checkpoints')).toMatchObject({
      checkpoints: [{ label: 'searched', eventsAfter: 1 }],
    })
    await get(`/sessions/${sessionId}/replay?speed=0`).expect(400)
    await get(`/sessions/${sessionId}/events?type=toolcall`).expect(400)
  })

  it('are dropped by a rollback', async () => {
    const { get, send, session } = await startApi()
    const sessionId = await session()
    const event = { sessionId, type: 'tool_call', name: 'search.web' }
    await send('post', '/events', event).expect(201)
    const { body: checkpoint } = await send('post', `/sessions/${sessionId}/checkpoints`, {
      label: 'here',
    }).expect(201)
    await send('post', '/events', event).expect(201)
    const simulation = await send('post', `/sessions/${sessionId}/simulate`, {
      fromCheckpointId: checkpoint.id,
      events: [{ type: 'tool_call', name: 'payments.refund' }],
    }).expect(200)
    expect(simulation.body).toMatchObject({ actual: { events: 3 }, projected: { events: 3 }, blocked: [{}] })
    const rolledBack = await send('post', `/sessions/${sessionId}/rollback`, {
      checkpointId: checkpoint.id,
    }).expect(200)
    expect(rolledBack.body).toMatchObject({ kept: 2, dropped: 1, session: { events: 2 } })
    expect((await get(`/sessions/${sessionId}/events`).expect(200)).body.total).toBe(2)
    await send('post', `/sessions/${sessionId}/rollback`, { checkpointId: 'evt_x' }).expect(404)
    await send('post', `/sessions/${sessionId}/rollback`, {}).expect(400)
    await send('post', `/sessions/${sessionId}/simulate`, { events: [{ type: 'x', name: 'y' }] }).expect(400)
    await send('post', `/sessions/${sessionId}/simulate`, { fromCheckpointId: 'evt_x' }).expect(404)
  })

  it('are rejected if the session is full or has ended', async () => {
    const { send, session } = await startApi({ bounds: { maxEventsPerSession: 1 } })
    const sessionId = await session()
    const event = { sessionId, type: 'decision', name: 'x' }
    await send('post', '/events', event).expect(201)
    expect((await send('post', '/events', event).expect(409)).body).toEqual({
      error: 'conflict',
      message: `Session ${sessionId} has 1 of at most 1 events.`,
      remedy: 'Start another session, or roll this one back to a checkpoint.',
    })
    await send('patch', `/sessions/${sessionId}`, { status: 'completed' }).expect(200)
    const { message } = (await send('post', '/events', event).expect(409)).body
    expect(message).toBe(`Session ${sessionId} is completed and accepts no more events.`)
  })

  it('are checked field by field', async () => {
    const { send, session } = await startApi()
    const sessionId = await session()
    const event = { sessionId, type: 'tool_call', name: 'x' }
    const wrong = [
      { type: 'toolcall' },
      { name: '' },
      { inputTokens: -1 },
      { outputTokens: 1.5 },
      { confidence: 2 },
      { timestamp: 'now' },
      { parentId: 'evt_x' },
      { outcome: 'fine' },
      { surprise: 1 },
    ]
    for (const parts of wrong) {
      const { body } = await send('post', '/events', { ...event, ...parts }).expect(400)
      expect(body).toMatchObject({ error: 'invalid_request', field: Object.keys(parts)[0] })
    }
    const batch = { sessionId, events: [{ type: 'decision', name: 'fine' }, { type: 'decision' }] }
    expect((await send('post', '/events/batch', batch).expect(400)).body.field).toBe('name')
    await send('post', '/events/batch', { sessionId, events: [] }).expect(400)
  })
})
