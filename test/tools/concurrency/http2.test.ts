import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type ConcurrencyLimiter,
  type ConcurrencyLimiterOptions,
  createConcurrencyLimiter,
} from '../../../src/tools/concurrency/index.ts'
import { until } from '../../support/redis/until.ts'

interface LimitedServer {
  readonly limiter: ConcurrencyLimiter
  readonly session: http2.ClientHttp2Session
  /** Sends a request. Resolves to its stream and its status, when the head of the response is there. */
  readonly get: (path: string) => Promise<{ stream: http2.ClientHttp2Stream; status: number }>
}

/** A server of node:http2 with its compatibility API. It sends only the head of `/held`, and answers everything else. */
async function serve(options: ConcurrencyLimiterOptions): Promise<LimitedServer> {
  const limiter = createConcurrencyLimiter({ trustProxy: false, ...options })
  const server = http2.createServer((req, res) =>
    limiter(req as never, res as never, (error) => {
      expect(error).toBeUndefined()
      if (req.url === '/held') res.write('held')
      else res.end('done')
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    session.destroy()
    server.close()
    await limiter.close()
  })
  const get: LimitedServer['get'] = async (path) => {
    const stream = session.request({ ':path': path })
    stream.on('error', () => undefined)
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    stream.resume()
    return { stream, status: Number(headers[':status']) }
  }
  return { limiter, session, get }
}

describe('a concurrency limiter on a server of node:http2', () => {
  it('counts the streams of one connection', async () => {
    const { limiter, get } = await serve({ limit: 2 })
    const held = [await get('/held'), await get('/held')]
    expect(held.map(({ status }) => status)).toEqual([200, 200])
    expect(limiter.inFlight).toBe(2)
    expect((await get('/')).status).toBe(429)
    held[0]?.stream.close(http2.constants.NGHTTP2_CANCEL)
    await until('a place is free', () => limiter.inFlight === 1)
    expect((await get('/')).status).toBe(200)
  })

  it('gives places back after answers, on a connection that stays open', async () => {
    const { limiter, get } = await serve({ limit: 1 })
    for (let turn = 0; turn < 5; turn++) {
      expect((await get('/')).status).toBe(200)
      await until('the place is free', () => limiter.inFlight === 0)
    }
  })

  it('gives all places back when the connection is lost', async () => {
    const { limiter, session, get } = await serve({ limit: 20 })
    await Promise.all(Array.from({ length: 20 }, () => get('/held')))
    expect(limiter.inFlight).toBe(20)
    session.destroy()
    await until('all places are free', () => limiter.inFlight === 0)
  })

  it('holds nothing after 500 streams that were reset, and one that waits leaves the queue', async () => {
    const { limiter, session, get } = await serve({ limit: 5, queue: { size: 5, timeoutMs: 60_000 } })
    for (let batch = 0; batch < 50; batch++) {
      const streams = Array.from({ length: 10 }, () => session.request({ ':path': '/held' }))
      for (const stream of streams) stream.on('error', () => undefined)
      if (batch % 2 === 0) {
        await until('five run and five wait', () => limiter.inFlight === 5 && limiter.waiting === 5)
      }
      for (const stream of streams) stream.close(http2.constants.NGHTTP2_CANCEL)
      await until('nothing is held', () => limiter.inFlight === 0 && limiter.waiting === 0)
    }
    expect((await get('/')).status).toBe(200)
  })

  it('holds nothing of a stream that is reset before its place is taken', async () => {
    let keysWanted = 0
    let keyIsKnown = (): void => undefined
    const key = new Promise<string>((resolve) => {
      keyIsKnown = () => resolve('somebody')
    })
    let closed = 0
    const keyGenerator = (_req: unknown, res: { on: (event: 'close', listener: () => void) => void }) => {
      keysWanted++
      res.on('close', () => closed++)
      return key
    }
    const { limiter, session, get } = await serve({ limit: 1, keyGenerator })
    const stream = session.request({ ':path': '/held' })
    stream.on('error', () => undefined)
    await until('the key is wanted', () => keysWanted === 1)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await until('the stream is closed', () => closed === 1)
    keyIsKnown()
    expect((await get('/')).status).toBe(200)
    await until('nothing is held', () => limiter.inFlight === 0)
  })
})
