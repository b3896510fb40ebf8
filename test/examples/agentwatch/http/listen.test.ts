import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkPort, listen } from '../../../../examples/agentwatch/http/listen.ts'

describe('the check of a port', () => {
  it('leaves a free port free, and rejects one that is in use', async () => {
    const server = createServer()
    onTestFinished(() => {
      server.close()
    })
    const port = await listen(server, 0)
    await expect(checkPort(port)).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use by another program. Choose another port, for example: PORT=`,
    )
    await new Promise((resolve) => server.close(resolve))
    await checkPort(port)
    await checkPort(port)
  })
})
