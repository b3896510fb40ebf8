import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'

const closings: (() => void)[] = []
afterEach(() => {
  for (const close of closings.splice(0).reverse()) close()
})

/** A limiter on a server of node:http2 with its compatibility API, and a client of the server. */
async function connectToLimitedServer(
  options: RateLimiterOptions,
  answer: (req: http2.Http2ServerRequest, res: http2.Http2ServerResponse) => void,
): Promise<{ session: http2.ClientHttp2Session; remaining: () => Promise<string> }> {
  const limiter = createRateLimiter({ trustProxy: false, ...options })
  const server = http2.createServer((req, res) =>
    limiter(req as never, res as never, (error) => {
      expect(error).toBeUndefined()
      answer(req, res)
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  closings.push(
    () => server.close(),
    () => session.close(),
  )
  const remaining = async (): Promise<string> => {
    const { limits } = await limiter.peek('127.0.0.1', { class: 'read' })
    return String(limits[0]?.remaining)
  }
  return { session, remaining }
}

function get(session: http2.ClientHttp2Session): Promise<{ status: number; remaining: string }> {
  return new Promise((resolve, reject) => {
    const request = session.request({ ':path': '/' })
    let headers: http2.IncomingHttpHeaders = {}
    request.on('response', (received) => {
      headers = received
    })
    request.on('error', reject)
    request.on('end', () =>
      resolve({
        status: Number(headers[':status']),
        remaining: String(headers['x-ratelimit-remaining']),
      }),
    )
    request.resume()
    request.end()
  })
}

describe('a limiter on a server of node:http2', () => {
  it('charges requests and refuses them above the limit', async () => {
    const { session } = await connectToLimitedServer({ read: 2 }, (_req, res) => void res.end('ok'))
    const statuses = []
    for (let turn = 0; turn < 3; turn++) statuses.push((await get(session)).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  // Threat 42: on HTTP/2 there were no refunds, because the socket of a finished stream is reported as
  // destroyed.
  it('gives the charge of a successful request back', async () => {
    const { session, remaining } = await connectToLimitedServer(
      { read: 2, skipSuccessfulRequests: true },
      (_req, res) => void res.end('ok'),
    )
    for (let turn = 0; turn < 5; turn++) expect((await get(session)).status).toBe(200)
    await vi.waitFor(async () => expect(await remaining()).toBe('2'), { timeout: 60_000 })
  })

  it('keeps the charge of a stream that the client has reset', async () => {
    const closed = vi.fn()
    const { session, remaining } = await connectToLimitedServer(
      { read: 2, skipSuccessfulRequests: true },
      (_req, res) => {
        res.stream.once('close', closed)
        res.write('the first part')
      },
    )
    const request = session.request({ ':path': '/' })
    request.on('error', () => undefined)
    await new Promise((resolve) => request.once('data', resolve))
    request.close(http2.constants.NGHTTP2_CANCEL)
    await vi.waitUntil(() => closed.mock.calls.length > 0, { timeout: 60_000 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await remaining()).toBe('1')
  })
})
