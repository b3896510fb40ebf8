import { once } from 'node:events'
import { type ClientRequestArgs, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { API_KEY, type RunningAgentwatch, startAgentwatch } from '../running-agentwatch.ts'
import { newEvent } from '../sample-event.ts'

const streamOf = (url: string, query = ''): string => `${url.replace('http', 'ws')}/ws/events${query}`

/** A client and what it was told so far. */
async function connect(
  url: string,
  options: ClientOptions = {},
): Promise<{ socket: WebSocket; heard: Record<string, unknown>[] }> {
  const socket = new WebSocket(url, options)
  onTestFinished(() => socket.terminate())
  const heard: Record<string, unknown>[] = []
  socket.on('message', (data) => heard.push(JSON.parse(String(data))))
  await once(socket, 'open')
  return { socket, heard }
}

/** The whole response to an upgrade that is refused. */
async function refusalOf(
  url: string,
  headers: ClientRequestArgs['headers'] = {},
): Promise<{ status: number | undefined; headers: IncomingMessage['headers']; body: string }> {
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13 }
  const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const sent = httpRequest(url, { headers: { ...upgrade, ...key, ...headers } }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of answer.setEncoding('utf8')) body += chunk
  return { status: answer.statusCode, headers: answer.headers, body }
}

async function newSession(url: string, key?: string): Promise<string> {
  const started = request(url).post('/api/v1/sessions').send({ agent: 'bot' })
  if (key !== undefined) started.set('X-API-Key', key)
  return (await started.expect(201)).body.id
}

async function report(url: string, sessionId: string, name: string, text = ''): Promise<void> {
  await request(url).post('/api/v1/events').send({ sessionId, type: 'tool_call', name, text }).expect(201)
}

describe('/ws/events', () => {
  it('streams events and rollbacks as they happen', async () => {
    const { url } = await startAgentwatch()
    const { heard } = await connect(streamOf(url))
    const sessionId = await newSession(url)
    const { body: mark } = await request(url)
      .post(`/api/v1/sessions/${sessionId}/checkpoints`)
      .send({ label: 'here' })
    await report(url, sessionId, 'payments.refund')
    await request(url)
      .post(`/api/v1/sessions/${sessionId}/rollback`)
      .send({ checkpointId: mark.id })
      .expect(200)
    await vi.waitFor(() => expect(heard).toHaveLength(3))
    const session = { id: sessionId, agent: 'bot', status: 'running' }
    expect(heard).toMatchObject([
      { kind: 'event', session, event: { type: 'checkpoint', name: 'here', sequence: 1 } },
      { kind: 'event', session, event: { name: 'payments.refund', status: 'blocked' } },
      { kind: 'rollback', session, checkpointId: mark.id, dropped: 1 },
    ])
  })

  it('streams one session to those who ask for it', async () => {
    const { url } = await startAgentwatch()
    const [one, other] = [await newSession(url), await newSession(url)]
    const { heard } = await connect(streamOf(url, `?sessionId=${one}`))
    await report(url, other, 'not for you')
    await report(url, one, 'for you')
    await vi.waitFor(() => expect(heard).toMatchObject([{ event: { name: 'for you' } }]))
  })

  it("streams a tenant's own sessions to its key", async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const operator = request.agent(`${url}/api/v1`).set('X-API-Key', API_KEY)
    const { body: tenant } = await operator.post('/tenants').send({ name: 'Acme' }).expect(201)
    const { body: issued } = await operator.post(`/tenants/${tenant.id}/api-keys`).expect(201)
    const { heard } = await connect(streamOf(url), { headers: { Authorization: `Bearer ${issued.key}` } })
    for (const key of [API_KEY, issued.key]) {
      const event = {
        sessionId: await newSession(url, key),
        type: 'decision',
        name: key === API_KEY ? 'theirs' : 'own',
      }
      await operator.post('/events').send(event).expect(201)
    }
    await vi.waitFor(() => expect(heard).toMatchObject([{ event: { name: 'own' } }]))
    const foreign = await newSession(url, API_KEY)
    const refusal = await refusalOf(`${url}/ws/events?sessionId=${foreign}`, { 'X-API-Key': issued.key })
    expect(refusal.status).toBe(404)
  })

  it.each([
    ['a wrong path', '/ws/other', {}, 404, 'not_found', 'No WebSocket answers at /ws/other.'],
    [
      'an unknown session',
      '/ws/events?sessionId=ses_x',
      {},
      404,
      'not_found',
      "No session has the id 'ses_x'.",
    ],
    [
      'another protocol',
      '/health',
      { Upgrade: 'h2c' },
      400,
      'invalid_request',
      'Upgrade takes websocket, got "h2c".',
    ],
    ['an empty key', '/ws/events', { 'X-API-Key': '' }, 401, 'unauthorized', 'The API key is not valid.'],
    ['a wrong key', '/ws/events', { 'X-API-Key': 'x' }, 401, 'unauthorized', 'The API key is not valid.'],
    [
      'a foreign page',
      '/ws/events',
      { Origin: 'http://evil.example' },
      403,
      'forbidden',
      'Pages of another origin cannot read the stream.',
    ],
    [
      'a page without an origin',
      '/ws/events',
      { Origin: 'null' },
      403,
      'forbidden',
      'Pages of another origin cannot read the stream.',
    ],
  ])('refuses %s with a whole response', async (_what, path, headers, status, error, message) => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const refusal = await refusalOf(`${url}${path}`, { 'X-API-Key': API_KEY, ...headers })
    expect(refusal.status).toBe(status)
    expect(JSON.parse(refusal.body)).toMatchObject({ error, message })
    expect(refusal.headers).toMatchObject({
      connection: 'close',
      'content-type': 'application/json; charset=utf-8',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
    })
  })

  it('refuses a missing key, with the way to send one', async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const { status, headers, body } = await refusalOf(`${url}/ws/events`)
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(JSON.parse(body).message).toBe('The API key is missing.')
  })

  it('lets pages of its own read', async () => {
    const { url } = await startAgentwatch()
    await connect(streamOf(url), { origin: url })
  })

  it('is behind the limiter: refused on the socket with a whole 429', async () => {
    const { url } = await startAgentwatch({ env: { API_RATE_LIMIT_READ: '2' } })
    await connect(streamOf(url))
    expect((await refusalOf(`${url}/ws/nowhere`)).headers['x-ratelimit-remaining']).toBe('0')
    const refusal = await refusalOf(`${url}/ws/events`)
    expect(refusal.status).toBe(429)
    expect(refusal.body).toBe('{"error":"rate_limit_exceeded"}')
    expect(refusal.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
    })
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    // One budget for requests and upgrades.
    await request(url).get('/health').expect(429)
  })

  it('takes so many clients and no more', async () => {
    const { url } = await startAgentwatch({ stream: { maxClients: 1 } })
    const { socket } = await connect(streamOf(url))
    expect(await refusalOf(`${url}/ws/events`)).toMatchObject({
      status: 503,
      body: '{"error":"full","message":"The stream has all the clients it takes.","remedy":"Try again later."}',
    })
    socket.close()
    await vi.waitFor(() => connect(streamOf(url)))
  })

  it('ends the connection of a client that talks', async () => {
    const { url } = await startAgentwatch()
    const talker = await connect(streamOf(url))
    talker.socket.send('hello')
    const [code, reason] = await once(talker.socket, 'close')
    expect([code, String(reason)]).toEqual([1008, 'This stream takes no messages.'])
    const shouter = await connect(streamOf(url))
    shouter.socket.send('x'.repeat(2000))
    expect((await once(shouter.socket, 'close'))[0]).toBe(1009)
  })

  it('cuts off a client that does not read, and goes on with the others', async () => {
    const agentwatch = await startAgentwatch({ stream: { maxBufferedBytes: 100_000 } })
    const { url } = agentwatch
    const [slow, quick] = [await connect(streamOf(url)), await connect(streamOf(url))]
    rawSocketOf(slow.socket).pause()
    const sessionId = await newSession(url)
    flood(agentwatch, sessionId, 5000)
    await vi.waitFor(() => expect(quick.heard).toHaveLength(5000), { timeout: 10_000 })
    const { text } = await request(url).get('/metrics').expect(200)
    expect(text).toContain('\nagentwatch_stream_clients 1\n')
  })

  it('notices clients that are gone without a word', async () => {
    const { url } = await startAgentwatch({ stream: { heartbeatMs: 50 } })
    const gone = await connect(streamOf(url), { autoPong: false })
    const there = await connect(streamOf(url))
    expect((await once(gone.socket, 'close'))[0]).toBe(1006)
    expect(there.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('says goodbye when the server stops', async () => {
    const agentwatch = await startAgentwatch()
    const { socket } = await connect(streamOf(agentwatch.url))
    const closed = once(socket, 'close')
    await agentwatch.close()
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([1001, 'The server is shutting down.'])
  })

  it('waits only so long for clients that do not answer the goodbye', async () => {
    const agentwatch = await startAgentwatch({ drainMs: 50 })
    const { socket } = await connect(streamOf(agentwatch.url))
    rawSocketOf(socket).pause()
    await agentwatch.close()
    expect(agentwatch.server.listening).toBe(false)
  })
})

function rawSocketOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket
}

/** Through the feed, since the limiter would not let so many requests through. */
function flood({ watch }: RunningAgentwatch, sessionId: string, count: number): void {
  const session = watch.sessions.get(sessionId)
  const event = {
    id: 'evt_x',
    sessionId,
    sequence: 1,
    status: 'ok',
    violations: [],
    ...newEvent({ text: 'x'.repeat(2000) }),
  } as const
  let sent = 0
  const some = (): void => {
    for (let index = 0; index < 20; index++) watch.feed.publish({ kind: 'event', session, event })
    sent += 20
    // In portions, with time for those that read to do so.
    if (sent < count) setImmediate(some)
  }
  some()
}
