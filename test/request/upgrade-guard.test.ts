import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { emittedBy } from '../errors/emitted-warnings.ts'

const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const CONNECT = 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

async function listening(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** All that a server answers to `text` until it hangs up. */
function answerTo(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('latin1')
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

const accept = (_req: IncomingMessage, socket: Socket): void => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
}

describe('guard', () => {
  it.each([
    ['upgrade', UPGRADE],
    ['connect', CONNECT],
  ])('refuses an %s with a full response before any handler sees it', async (event, request) => {
    const server = createServer()
    const handler = vi.fn(accept)
    createRateLimiter({ read: 2, write: 2 }).guard(server)
    server.prependListener(event, handler)
    const port = await listening(server)
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 101 /)
    const refused = await answerTo(port, request)
    expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
    expect(refused).toMatch(/\r\nRetry-After: (?:59|60)\r\n/)
    expect(refused).toMatch(/\r\nConnection: close\r\n/)
    expect(refused).toMatch(/\r\n\r\n\{"error":"rate_limit_exceeded"\}$/)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('hands on the socket as it was: no listener of its own stays', async () => {
    const listeners: object[] = []
    for (const guarded of [false, true]) {
      const server = createServer()
      server.on('upgrade', (req, socket: Socket) => {
        listeners.push(socket.eventNames().map((name) => [name, socket.listenerCount(name)]))
        accept(req, socket)
      })
      if (guarded) createRateLimiter().guard(server)
      await answerTo(await listening(server), UPGRADE)
    }
    expect(listeners).toHaveLength(2)
    expect(listeners[1]).toEqual(listeners[0])
  })

  it('leaves requests to the server', async () => {
    const server = createServer((_req, res) => res.end('ok'))
    createRateLimiter({ read: 1 }).guard(server)
    const port = await listening(server)
    for (const _ of [1, 2]) {
      expect(
        await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text(),
      ).toBe('ok')
    }
  })

  it('answers 500 where the limiter fails, and tells the operator why', async () => {
    const server = createServer()
    const handler = vi.fn(accept)
    server.on('upgrade', handler)
    createRateLimiter({ keyGenerator: () => '' }).guard(server)
    const port = await listening(server)
    let answer = ''
    const warnings = await emittedBy(async () => {
      answer = await answerTo(port, UPGRADE)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(answer).toMatch(/\r\n\r\n\{"error":"internal_error"\}$/)
    expect(handler).not.toHaveBeenCalled()
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_GUARD_FAILED',
        message:
          "An upgrade was refused because the limiter failed: keyGenerator: returned no key, got ''. Return a string that is not empty; its second argument is the key of the client address.",
      },
    ])
  })
})
