import { once } from 'node:events'
import { type ClientRequestArgs, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { API_KEY, type RunningAgentwatch, startAgentwatch } from '../running-agentwatch.ts'
import { newEvent } from '../sample-event.ts'

const streamUrl = (url: string, query = ''): string => `${url.replace('http', 'ws')}/ws/events${query}`

/** A client and the messages that it has received. */
async function connectClient(
  url: string,
  options: ClientOptions = {},
): Promise<{ socket: WebSocket; received: Record<string, unknown>[] }> {
  const socket = new WebSocket(url, options)
  onTestFinished(() => socket.terminate())
  const received: Record<string, unknown>[] = []
  socket.on('message', (data) => received.push(JSON.parse(String(data))))
  await once(socket, 'open')
  return { socket, received }
}

/** The whole response to an upgrade that is refused. */
async function refusedUpgrade(
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

async function postEvent(url: string, sessionId: string, name: string, text = ''): Promise<void> {
  await request(url).post('/api/v1/events').send({ sessionId, type: 'tool_call', name, text }).expect(201)
}

/** A bound for conditions that a busy machine delays. */
const WAIT = { timeout: 60_000 }
const HOUR_MS = 3_600_000

describe('/ws/events', () => {
  it('streams events and rollbacks as they happen', async () => {
    const { url } = await startAgentwatch()
    const { received } = await connectClient(streamUrl(url))
    const sessionId = await newSession(url)
    const { body: checkpoint } = await request(url)
      .post(`/api/v1/sessions/${sessionId}/checkpoints`)
      .send({ label: 'here' })
    await postEvent(url, sessionId, 'payments.refund')
    await request(url)
      .post(`/api/v1/sessions/${sessionId}/rollback`)
      .send({ checkpointId: checkpoint.id })
      .expect(200)
    await vi.waitFor(() => expect(received).toHaveLength(3), WAIT)
    const session = { id: sessionId, agent: 'bot', status: 'running' }
    expect(received).toMatchObject([
      { kind: 'event', session, event: { type: 'checkpoint', name: 'here', sequence: 1 } },
      { kind: 'event', session, event: { name: 'payments.refund', status: 'blocked' } },
      { kind: 'rollback', session, checkpointId: checkpoint.id, dropped: 1 },
    ])
  })

  it('streams one session to a client that requests it', async () => {
    const { url } = await startAgentwatch()
    const [one, other] = [await newSession(url), await newSession(url)]
    const { received } = await connectClient(streamUrl(url, `?sessionId=${one}`))
    await postEvent(url, other, 'of the other session')
    await postEvent(url, one, 'of this session')
    await vi.waitFor(() => expect(received).toMatchObject([{ event: { name: 'of this session' } }]), WAIT)
  })

  it("streams only a tenant's own sessions to a client with its key", async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const operator = request.agent(`${url}/api/v1`).set('X-API-Key', API_KEY)
    const { body: tenant } = await operator.post('/tenants').send({ name: 'Acme' }).expect(201)
    const { body: issued } = await operator.post(`/tenants/${tenant.id}/api-keys`).expect(201)
    const { received } = await connectClient(streamUrl(url), {
      headers: { Authorization: `Bearer ${issued.key}` },
    })
    for (const key of [API_KEY, issued.key]) {
      const event = {
        sessionId: await newSession(url, key),
        type: 'decision',
        name: key === API_KEY ? 'of the operator' : 'of the tenant',
      }
      await operator.post('/events').send(event).expect(201)
    }
    await vi.waitFor(() => expect(received).toMatchObject([{ event: { name: 'of the tenant' } }]), WAIT)
    const foreign = await newSession(url, API_KEY)
    const refusal = await refusedUpgrade(`${url}/ws/events?sessionId=${foreign}`, { 'X-API-Key': issued.key })
    expect(refusal.status).toBe(404)
  })

  it.each([
    ['a wrong path', '/ws/other', {}, 404, 'not_found', 'There is no WebSocket at /ws/other.'],
    [
      'an unknown session',
      '/ws/events?sessionId=ses_x',
      {},
      404,
      'not_found',
      "There is no session with the id 'ses_x'.",
    ],
    [
      'another protocol',
      '/health',
      { Upgrade: 'h2c' },
      400,
      'invalid_request',
      'The header Upgrade must be websocket, got "h2c".',
    ],
    ['an empty key', '/ws/events', { 'X-API-Key': '' }, 401, 'unauthorized', 'The API key is not valid.'],
    ['a wrong key', '/ws/events', { 'X-API-Key': 'x' }, 401, 'unauthorized', 'The API key is not valid.'],
    [
      'a page of another origin',
      '/ws/events',
      { Origin: 'http://evil.example' },
      403,
      'forbidden',
      'Pages of another origin cannot read the stream.',
    ],
    [
      'a page with the origin null',
      '/ws/events',
      { Origin: 'null' },
      403,
      'forbidden',
      'Pages of another origin cannot read the stream.',
    ],
  ])('refuses %s with a whole response', async (_what, path, headers, status, error, message) => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const refusal = await refusedUpgrade(`${url}${path}`, { 'X-API-Key': API_KEY, ...headers })
    expect(refusal.status).toBe(status)
    expect(JSON.parse(refusal.body)).toMatchObject({ error, message })
    expect(refusal.headers).toMatchObject({
      connection: 'close',
      'content-type': 'application/json; charset=utf-8',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
    })
  })

  it('refuses an upgrade without a key, with WWW-Authenticate', async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const { status, headers, body } = await refusedUpgrade(`${url}/ws/events`)
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(JSON.parse(body).message).toBe('The API key is missing.')
  })

  it('accepts a page of the same origin', async () => {
    const { url } = await startAgentwatch()
    await connectClient(streamUrl(url), { origin: url })
  })

  it('is behind the limiter, which refuses on the socket with a whole response', async () => {
    const { url } = await startAgentwatch({ env: { API_RATE_LIMIT_READ: '2' } })
    await connectClient(streamUrl(url))
    expect((await refusedUpgrade(`${url}/ws/nowhere`)).headers['x-ratelimit-remaining']).toBe('0')
    const refusal = await refusedUpgrade(`${url}/ws/events`)
    expect(refusal.status).toBe(429)
    expect(refusal.body).toBe('{"error":"rate_limit_exceeded"}')
    expect(refusal.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
    })
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    // Requests and upgrades share one limit.
    await request(url).get('/health').expect(429)
  })

  it('accepts the maximum number of clients, and no more', async () => {
    const { url } = await startAgentwatch({ stream: { maxClients: 1 } })
    const { socket } = await connectClient(streamUrl(url))
    expect(await refusedUpgrade(`${url}/ws/events`)).toMatchObject({
      status: 503,
      body: '{"error":"full","message":"The stream has its maximum number of clients.","remedy":"Try again later."}',
    })
    socket.close()
    await vi.waitFor(() => connectClient(streamUrl(url)), WAIT)
  })

  it('ends the connection of a client that sends a message', async () => {
    const { url } = await startAgentwatch()
    const sender = await connectClient(streamUrl(url))
    sender.socket.send('hello')
    const [code, reason] = await once(sender.socket, 'close')
    expect([code, String(reason)]).toEqual([1008, 'This stream accepts no messages.'])
    const largeSender = await connectClient(streamUrl(url))
    largeSender.socket.send('x'.repeat(2000))
    expect((await once(largeSender.socket, 'close'))[0]).toBe(1009)
  })

  it('disconnects a client that does not read, and continues with the others', async () => {
    const agentwatch = await startAgentwatch({ stream: { maxBufferedBytes: 100_000 } })
    const { url } = agentwatch
    const [slow, fast] = [await connectClient(streamUrl(url)), await connectClient(streamUrl(url))]
    rawSocketOf(slow.socket).pause()
    const sessionId = await newSession(url)
    publishMany(agentwatch, sessionId, 5000)
    await vi.waitFor(() => expect(fast.received).toHaveLength(5000), WAIT)
    const metricsText = async (): Promise<string> => (await request(url).get('/metrics').expect(200)).text
    await vi.waitFor(
      async () => expect(await metricsText()).toContain('\nagentwatch_stream_clients 1\n'),
      WAIT,
    )
  })

  it('disconnects clients that do not answer a ping', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url } = await startAgentwatch({ stream: { heartbeatMs: HOUR_MS } })
    const silent = await connectClient(streamUrl(url), { autoPong: false })
    const answering = await connectClient(streamUrl(url))
    const emit = vi.spyOn(WebSocket.prototype, 'emit')
    onTestFinished(() => emit.mockRestore())
    vi.advanceTimersByTime(HOUR_MS)
    // The server has received the pong of the answering client.
    await vi.waitFor(() => expect(emit).toHaveBeenCalledWith('pong', expect.anything()), WAIT)
    vi.advanceTimersByTime(HOUR_MS)
    expect((await once(silent.socket, 'close'))[0]).toBe(1006)
    expect(answering.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('closes the connections with a reason when the server stops', async () => {
    const agentwatch = await startAgentwatch()
    const { socket } = await connectClient(streamUrl(agentwatch.url))
    const closed = once(socket, 'close')
    await agentwatch.close()
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([1001, 'The server is shutting down.'])
  })

  it('stops after the drain time without an answer from a client', async () => {
    const agentwatch = await startAgentwatch({ drainMs: 50 })
    const { socket } = await connectClient(streamUrl(agentwatch.url))
    rawSocketOf(socket).pause()
    await agentwatch.close()
    expect(agentwatch.server.listening).toBe(false)
  })
})

function rawSocketOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket
}

/** Publishes through the feed, because the limiter would refuse so many requests. */
function publishMany({ watch }: RunningAgentwatch, sessionId: string, count: number): void {
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
  const publishSome = (): void => {
    for (let index = 0; index < 20; index++) watch.feed.publish({ kind: 'event', session, event })
    sent += 20
    // In portions, so that the clients have time to read.
    if (sent < count) setImmediate(publishSome)
  }
  publishSome()
}
