import { once } from 'node:events'
import { connect } from 'node:net'
import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAgentwatch } from '../../../examples/agentwatch/server.ts'
import { startAgentwatch } from './running-agentwatch.ts'

/** A closed limiter causes an error in every request. These tests do not need its log. */
function silenceLog(): void {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
}

describe('createAgentwatch', () => {
  it('closes connections that are open after the drain time', async () => {
    const { url, server, close } = await startAgentwatch({ drainMs: 100 })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    // The headers of this request never end.
    socket.write('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n')
    await once(server, 'connection')
    const closed = once(socket, 'close')
    // Without the drain time, both would wait forever.
    await close()
    await closed
  })

  it('closes once after several calls, and counts nothing afterwards', async () => {
    const { url, app, close } = await startAgentwatch()
    await request(url).get('/health').expect(200)
    expect(close()).toBe(close())
    await close()
    silenceLog()
    await request(app).get('/health').expect(500)
  })

  it('leads a browser from its root to the live page', async () => {
    const { url } = await startAgentwatch()
    await request(url).get('/').expect(302).expect('Location', '/limits/')
    const { text } = await request(url).get('/limits/').expect(200)
    expect(text).toContain('<h1>Rate limits</h1>')
  })

  it('can be closed before it listens', async () => {
    const agentwatch = createAgentwatch({ env: { PORT: '0' } })
    await agentwatch.close()
    expect(agentwatch.server.listening).toBe(false)
  })

  it('names the port that is in use, and closes everything', async () => {
    const { url } = await startAgentwatch()
    const { port } = new URL(url)
    const second = createAgentwatch({ env: { PORT: port } })
    await expect(second.listen()).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use by another program. ` +
        `Choose another port, for example: PORT=${Number(port) + 1} npm start`,
    )
    silenceLog()
    await request(second.app).get('/health').expect(500)
  })
})
