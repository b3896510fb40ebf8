import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LoggedRequest } from '../../../../examples/agentwatch/replay/logged-request.ts'
import { createSender, type Sender } from '../../../../examples/agentwatch/replay/sender.ts'

async function startSender(server: Server, maxConnections = 2): Promise<Sender> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sender = createSender(
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    maxConnections,
  )
  onTestFinished(() => {
    sender.close()
    server.close()
  })
  return sender
}

const loggedRequest = (target: string, method = 'GET'): LoggedRequest => ({
  address: '2001:db8::1',
  timeMs: 0,
  method,
  target,
})

describe('createSender', () => {
  it("sends method and path as logged, with the client's address, over kept-alive connections", async () => {
    const seen: (string | undefined)[][] = []
    const sockets = new Set<Socket>()
    const server = createServer((req: IncomingMessage, res) => {
      sockets.add(req.socket)
      seen.push([req.method, req.url, String(req.headers['x-forwarded-for'])])
      // Express sends a length too. Without a length, Node closes the connection after a HEAD.
      res.writeHead(418, { 'Content-Length': 100_000 })
      res.end('x'.repeat(100_000))
    })
    const sender = await startSender(server, 1)
    const requests = [
      loggedRequest('/a%20b?c=%zz'),
      loggedRequest('/', 'HEAD'),
      loggedRequest('*', 'OPTIONS'),
      loggedRequest('/\\x22', 'POST'),
    ]
    for (const request of requests) expect(await sender.send(request)).toBe(418)
    expect(seen).toEqual([
      ['GET', '/a%20b?c=%zz', '2001:db8::1'],
      ['HEAD', '/', '2001:db8::1'],
      ['OPTIONS', '*', '2001:db8::1'],
      ['POST', '/\\x22', '2001:db8::1'],
    ])
    expect(sockets.size).toBe(1)
  })

  it('opens no more connections than allowed', async () => {
    const sockets = new Set<Socket>()
    const server = createServer((req, res) => {
      sockets.add(req.socket)
      setImmediate(() => res.end())
    })
    const sender = await startSender(server, 3)
    await Promise.all(Array.from({ length: 50 }, () => sender.send(loggedRequest('/'))))
    expect(sockets.size).toBe(3)
  })

  it('sends a request again, once, if the server has closed the kept-alive connection', async () => {
    let connections = 0
    const server = createSocketServer((socket) => {
      connections += 1
      let answered = false
      socket.on('error', () => {})
      socket.on('data', () => {
        if (answered) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 204 No Content\r\n\r\n')
        answered = true
      })
    })
    const sender = await startSender(server)
    expect(await sender.send(loggedRequest('/first'))).toBe(204)
    expect(await sender.send(loggedRequest('/second'))).toBe(204)
    expect(connections).toBe(2)
  })

  it('does not send a request again after an error of a new connection', async () => {
    let connections = 0
    const server = createSocketServer((socket) => {
      connections += 1
      socket.on('error', () => {})
      socket.on('data', () => socket.resetAndDestroy())
    })
    const sender = await startSender(server)
    await expect(sender.send(loggedRequest('/'))).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(connections).toBe(1)
  })
})
