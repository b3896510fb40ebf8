import { once } from 'node:events'
import { connect } from 'node:net'
import request from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAgentwatch } from '../../../examples/agentwatch/server.ts'
import { startAgentwatch } from './running-agentwatch.ts'

/** A closed limiter is an error in every request; the log of it is no news here. */
function silenceLog(): void {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
}

describe('createAgentwatch', () => {
  it('cuts off what takes longer than a stop may wait', async () => {
    const { url, server, close } = await startAgentwatch({ drainMs: 100 })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    // A head that never ends.
    socket.write('POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n')
    await once(server, 'connection')
    const gone = once(socket, 'close')
    // Neither would end before the head does, which is never.
    await close()
    await gone
  })

  it('closes once, however often it is told to, and counts nothing afterwards', async () => {
    const { url, app, close } = await startAgentwatch()
    await request(url).get('/health').expect(200)
    expect(close()).toBe(close())
    await close()
    silenceLog()
    await request(app).get('/health').expect(500)
  })

  it('can be closed before it listens', async () => {
    const agentwatch = createAgentwatch({ env: { PORT: '0' } })
    await agentwatch.close()
    expect(agentwatch.server.listening).toBe(false)
  })

  it('names the port that is taken, and lets go of everything', async () => {
    const { url } = await startAgentwatch()
    const { port } = new URL(url)
    const second = createAgentwatch({ env: { PORT: port } })
    await expect(second.listen()).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken by another program. ` +
        `Choose another port, for example: PORT=${Number(port) + 1} npm start`,
    )
    silenceLog()
    await request(second.app).get('/health').expect(500)
  })
})
