import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'

const UPLOAD_BYTES = 50_000_000

const head = (...lines: string[]): string => ['POST / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n')

/** Sends 50 MB and waits until the server has closed the connection. Resolves to the bytes that the server read. */
async function upload(port: number, server: net.Server): Promise<number> {
  const accepted = once(server, 'connection') as Promise<[net.Socket]>
  const client = net.connect(port, '127.0.0.1')
  // The server closes the connection while the client writes.
  client.on('error', () => undefined)
  client.resume()
  client.write(head(`Content-Length: ${UPLOAD_BYTES}`))
  client.write(Buffer.alloc(UPLOAD_BYTES))
  const [socket] = await accepted
  if (!socket.destroyed) await once(socket, 'close')
  client.destroy()
  return socket.bytesRead
}

describe.each(EXPRESS_VERSIONS)('an upload that %s refuses', (_name, express) => {
  const appWith = (options: RateLimiterOptions, readsBodyFirst = false) => {
    const app = express()
    if (readsBodyFirst) app.use(express.text({ type: '*/*', limit: '1mb' }))
    app.use(createRateLimiter({ read: 0, write: 0, ...options }))
    app.use((_req, res) => void res.send('from the app'))
    return app
  }

  it('ends after a part of it', async () => {
    await withListeningServer(appWith({}), async (port, server) => {
      expect(await upload(port, server)).toBeLessThan(UPLOAD_BYTES / 2)
    })
  })

  it.each<[string, string, RateLimiterOptions]>([
    ['of a known length', 'Content-Length: 65537', {}],
    ['in chunks', 'Transfer-Encoding: chunked', {}],
    ['of a denied client', 'Content-Length: 65537', { denyList: ['loopback'] }],
  ])('closes the connection before it has come: %s', async (_what, line, options) => {
    await withListeningServer(appWith(options), async (port) => {
      const [response] = await sendRaw(port, head(line))
      expect([response?.status, response?.headers.get('connection')]).toEqual([
        options.denyList === undefined ? 429 : 403,
        'close',
      ])
    })
  })

  it.each<[string, string, RateLimiterOptions, number]>([
    ['a request without a body', rawGet('/'), {}, 429],
    ['a small body', `${head('Content-Length: 3')}abc`, {}, 429],
    [
      'a large body in shadow mode',
      `${head('Content-Length: 70000')}${'a'.repeat(70_000)}`,
      { mode: 'shadow' },
      200,
    ],
    // The handler writes the response, and it may set the header.
    [
      'a handler of the app',
      `${head('Content-Length: 70000')}${'a'.repeat(70_000)}`,
      { handler: (_req, res) => void res.status(429).send('wait') },
      429,
    ],
  ])('keeps the connection with %s', async (_what, text, options, status) => {
    await withListeningServer(appWith(options), async (port) => {
      const responses = await sendRaw(port, text.repeat(2), 2)
      expect(responses.map((one) => [one.status, one.headers.get('connection')])).toEqual([
        [status, 'keep-alive'],
        [status, 'keep-alive'],
      ])
    })
  })

  it('keeps the connection where the body was read before the limiter', async () => {
    await withListeningServer(appWith({}, true), async (port) => {
      const text = `${head('Content-Type: text/plain', 'Content-Length: 70000')}${'a'.repeat(70_000)}`
      const responses = await sendRaw(port, text.repeat(2), 2)
      expect(responses.map((one) => [one.status, one.headers.get('connection')])).toEqual([
        [429, 'keep-alive'],
        [429, 'keep-alive'],
      ])
    })
  })
})
