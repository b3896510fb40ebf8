import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareDrain } from '../../../../examples/agentwatch/http/drain.ts'

describe('prepareDrain', () => {
  it('waits for an answer that has begun, and not for its connection to grow idle', async () => {
    let finish: (() => void) | undefined
    const server = createServer((_req, res: ServerResponse) => {
      res.write('first half, ')
      finish = () => res.end('second half')
    })
    // Longer than the test may take.
    server.keepAliveTimeout = 60_000
    const drain = prepareDrain(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const { port } = server.address() as AddressInfo
    const [answer] = (await once(get({ host: '127.0.0.1', port, agent }), 'response')) as [IncomingMessage]

    let closed = false
    const closing = drain.close(60_000).then(() => {
      closed = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(closed).toBe(false)
    finish?.()
    let body = ''
    for await (const chunk of answer.setEncoding('utf8')) body += chunk
    expect(body).toBe('first half, second half')
    await closing
  })

  it('has nothing to wait for before the server listens', async () => {
    await prepareDrain(createServer()).close(60_000)
  })
})
