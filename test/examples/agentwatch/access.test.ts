import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { API_KEY, startAgentwatch } from './running-agentwatch.ts'

const env = { AGENTWATCH_API_KEY: API_KEY }

describe('the API key', () => {
  it('is accepted in either header, and only the health route needs no key', async () => {
    const { url } = await startAgentwatch({ env })
    const api = request(url)
    await api.get('/health').expect(200)
    await api.get('/api/v1/sessions').set('Authorization', `Bearer ${API_KEY}`).expect(200)
    await api.get('/api/v1/sessions').set('X-API-Key', API_KEY).expect(200)
    const missing = await api.get('/api/v1/sessions').expect(401)
    expect(missing.headers['www-authenticate']).toBe('Bearer')
    expect(missing.body).toEqual({
      error: 'unauthorized',
      message: 'The API key is missing.',
      remedy: "Send 'Authorization: Bearer <key>' or 'X-API-Key: <key>'.",
    })
    for (const key of ['wrong', `${API_KEY}x`, API_KEY.slice(0, -1), API_KEY.toUpperCase()]) {
      const { body } = await api.get('/api/v1/sessions').set('X-API-Key', key).expect(401)
      expect(body.message).toBe('The API key is not valid.')
    }
    // Without a key, an answer does not show which paths exist.
    for (const path of ['/metrics', '/', '/nowhere']) await api.get(path).expect(401)
  })

  it('is checked after the limiter, so that guesses are limited', async () => {
    const { url } = await startAgentwatch({ env: { ...env, API_RATE_LIMIT_READ: '3' } })
    const api = request(url)
    const statuses: number[] = []
    for (let guess = 0; guess < 5; guess++) {
      const { status, headers } = await api.get('/api/v1/sessions').set('X-API-Key', `guess-${guess}`)
      statuses.push(status)
      expect(headers['x-ratelimit-remaining']).toBe(String(Math.max(0, 2 - guess)))
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    // A refused client is refused with the right key too.
    const refused = await api.get('/api/v1/sessions').set('X-API-Key', API_KEY).expect(429)
    expect(refused.text).toBe('{"error":"rate_limit_exceeded"}')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  })

  it('is checked before the body is parsed', async () => {
    const { url } = await startAgentwatch({ env })
    const malformed = request(url).post('/api/v1/sessions').set('Content-Type', 'application/json').send('{')
    await malformed.expect(401)
  })
})

describe("a tenant's key", () => {
  it("gives access to the tenant's own sessions and nothing else", async () => {
    const { url } = await startAgentwatch({ env })
    const operator = request.agent(`${url}/api/v1`).set('X-API-Key', API_KEY)
    const tenantOf = async (name: string): Promise<{ id: string; key: string }> => {
      const { body } = await operator.post('/tenants').send({ name }).expect(201)
      const issued = await operator.post(`/tenants/${body.id}/api-keys`).expect(201)
      return { id: body.id, key: issued.body.key }
    }
    const [acme, other] = [await tenantOf('Acme'), await tenantOf('Other')]
    const own = request.agent(`${url}/api/v1`).set('Authorization', `Bearer ${acme.key}`)
    const foreign = request.agent(`${url}/api/v1`).set('Authorization', `Bearer ${other.key}`)

    const { body: session } = await own.post('/sessions').send({ agent: 'bot' }).expect(201)
    expect(session.tenantId).toBe(acme.id)
    const event = { sessionId: session.id, type: 'decision', name: 'x' }
    const { body: stored } = await own.post('/events').send(event).expect(201)
    await own.get(`/sessions/${session.id}/trace`).expect(200)
    expect((await foreign.get('/sessions').expect(200)).body.total).toBe(0)
    expect((await foreign.get('/events').expect(200)).body.total).toBe(0)
    await foreign.get(`/sessions/${session.id}`).expect(404)
    await foreign.get(`/events/${stored.id}`).expect(404)
    await foreign.post('/events').send(event).expect(404)
    await foreign.delete(`/sessions/${session.id}`).expect(404)
    const forOther = await own.post('/sessions').send({ agent: 'bot', tenantId: other.id }).expect(403)
    expect(forOther.body.message).toBe('A tenant may start sessions for itself only.')

    for (const path of [
      '/tenants',
      `/tenants/${acme.id}/api-keys`,
      '/dashboard/summary',
      '/safety/blocked',
    ]) {
      expect((await own.get(path).expect(403)).body.message).toBe(
        'This route needs the key of the operator. A key of a tenant was sent.',
      )
    }
    await own.put('/safety/policy').send({}).expect(403)
    await own.post('/demo/seed').expect(403)
    await own.delete('/sessions/prune').expect(403)
    await request(url).get('/metrics').set('X-API-Key', acme.key).expect(403)
    expect((await operator.get('/sessions').expect(200)).body.total).toBe(1)
  })
})

describe('requests that fail', () => {
  it('are answered in JSON, with the limit headers', async () => {
    const { url } = await startAgentwatch()
    const post = (): request.Test =>
      request(url).post('/api/v1/sessions').set('Content-Type', 'application/json')
    const malformed = await post().send('{"agent":').expect(400)
    expect(malformed.body).toEqual({
      error: 'invalid_request',
      message: 'The request is malformed. The body must be JSON, and the URL must be decodable.',
    })
    const large = await post()
      .send(JSON.stringify({ agent: 'x'.repeat(110_000) }))
      .expect(413)
    expect(large.body).toEqual({
      error: 'too_large',
      message: 'The body is larger than 100 kB. Split it, or shorten the texts.',
    })
    const charset = await request(url)
      .post('/api/v1/sessions')
      .set('Content-Type', 'application/json; charset=koi8-r')
      .send('{}')
      .expect(415)
    expect(charset.body.error).toBe('unsupported')
    const undecodable = await request(url).get('/api/v1/sessions/%zz').expect(400)
    expect(undecodable.body.error).toBe('invalid_request')
    const nowhere = await request(url).get('/nowhere?secret=1').expect(404)
    expect(nowhere.body).toEqual({
      error: 'not_found',
      message: 'There is no route for GET /nowhere.',
      remedy: 'The server prints its routes at its start.',
    })
    for (const { headers } of [malformed, large, charset, undecodable, nowhere]) {
      expect(headers['x-ratelimit-limit']).toMatch(/^(200|1000)$/)
      expect(headers['content-type']).toBe('application/json; charset=utf-8')
      expect(headers['x-powered-by']).toBeUndefined()
    }
  })

  it('get no details of an error that the server caused', async () => {
    const agentwatch = await startAgentwatch()
    agentwatch.watch.sessions.list = () => {
      throw new Error('secret detail')
    }
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => logged.mockRestore())
    const { body } = await request(agentwatch.url).get('/api/v1/sessions').expect(500)
    expect(body).toEqual({ error: 'internal', message: 'The server failed to answer the request.' })
    expect(logged).toHaveBeenCalledExactlyOnceWith('GET /api/v1/sessions failed:', expect.any(Error))
  })
})
