import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { prepareDrain } from '../../../../examples/agentwatch/http/drain.ts'

/** A bound for conditions that a busy machine delays. */
const WAIT = { timeout: 30_000 }

describe('prepareDrain', () => {
  it('waits for the end of an answer, and not for the timeout of its idle connection', async () => {
    let finish: (() => void) | undefined
    const server = createServer((_req, res: ServerResponse) => {
      res.write('first half, ')
      finish = () => res.end('second half')
    })
    // Longer than a test may take, so that only the drain can close the connection.
    server.keepAliveTimeout = 600_000
    const drain = prepareDrain(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const { port } = server.address() as AddressInfo
    const [answer] = (await once(get({ host: '127.0.0.1', port, agent }), 'response')) as [IncomingMessage]

    let closed = false
    const closing = drain.close(600_000).then(() => {
      closed = true
    })
    // The server refuses connections, so the drain is under way. It must not end before the answer does.
    await vi.waitFor(() => expect(server.listening).toBe(false), WAIT)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(false)
    finish?.()
    let body = ''
    for await (const chunk of answer.setEncoding('utf8')) body += chunk
    expect(body).toBe('first half, second half')
    await closing
  })

  it('closes at once before the server listens', async () => {
    await prepareDrain(createServer()).close(600_000)
  })
})
