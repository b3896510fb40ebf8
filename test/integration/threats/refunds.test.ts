import net from 'node:net'
import type { Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, MemoryStore, type RateLimiterOptions } from '../../../src/index.ts'
import { FakeClock } from '../../../src/tools/testing/index.ts'
import { asynchronous } from '../../support/asynchronous-store.ts'
import { HeldResponses } from '../../support/held-responses.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet } from '../../support/http/raw-http.ts'
import { ALGORITHMS, type ForEachAlgorithm } from './algorithms.ts'

/** Three units in a minute. A bucket regains one in 20 seconds. */
const THREE_IN_A_MINUTE = { limit: 3, windowSec: 60 }
const CLIENT = '127.0.0.1'

describe.each(EXPRESS_VERSIONS)('threat 13 on %s', (_name, express) => {
  describe.each(ALGORITHMS)('with a %s', (algorithm) => {
    const read = { ...THREE_IN_A_MINUTE, algorithm }

    function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
      const app = express()
      app.use(createRateLimiter({ read, clock: new FakeClock(), ...options }))
      app.get('/status/:status', (req: Request, res: Response) => {
        res.sendStatus(Number(req.params.status))
      })
      return app
    }

    /** An app whose responses the tests hold, with its clock and its limiter. */
    function appWithHeldResponses(options: RateLimiterOptions = { skipFailedRequests: true }) {
      const clock = new FakeClock(0)
      const limiter = createRateLimiter({ read, clock, ...options })
      const held = new HeldResponses()
      const app = express()
      app.use(limiter)
      app.get('/held', held.handler)
      app.get('/kept', (_req: Request, res: Response) => {
        res.json({})
      })
      const remaining = async (): Promise<number | undefined> =>
        (await limiter.peek(CLIENT, { class: 'read' })).limits[0]?.remaining
      return { app, clock, limiter, held, remaining }
    }

    it.each([
      [{}, 200],
      [{ skipFailedRequests: true }, 500],
      [{ skipSuccessfulRequests: true }, 200],
    ])(
      'of nine aborted requests with limit 3, three reach the handler, and no charge is given back (%o, answered %d)',
      async (options, status) => {
        const limiter = createRateLimiter({ read, clock: new FakeClock(), ...options })
        const answers: Array<Promise<void>> = []
        const app = express()
        app.use(limiter)
        app.use((req: Request, res: Response) => {
          // The handler answers after the client has closed the connection.
          answers.push(socketClosed(req.socket).then(() => void res.sendStatus(status)))
          // The answer 102 makes the client reset the connection.
          res.writeProcessing()
        })
        await withListeningServer(app, async (port) => {
          for (let turn = 0; turn < 9; turn++) await sendAndReset(port)
          await Promise.all(answers)
        })
        expect(answers).toHaveLength(3)
        expect((await limiter.peek(CLIENT, { class: 'read' })).limits[0]?.remaining).toBe(0)
      },
    )

    it.each([
      [{ skipFailedRequests: true }, 500],
      [{ skipSuccessfulRequests: true }, 200],
    ])(
      'an answer that the client does not read gives nothing back (%o, answered %d)',
      async (options, status) => {
        const limiter = createRateLimiter({ read, clock: new FakeClock(), ...options })
        const app = express()
        app.use(limiter)
        const cutOff = new Promise<void>((resolve) => {
          app.use((req: Request, res: Response) => {
            req.socket.once('close', () => resolve())
            // The answer is larger than the buffers of the system, so the server waits for the client to read
            // it.
            res.status(status).end(Buffer.alloc(50_000_000))
            // A server does this after a timeout.
            setImmediate(() => req.socket.destroy())
          })
        })
        await withListeningServer(app, async (port) => {
          const socket = net.connect(port, CLIENT, () => socket.write(rawGet('/')))
          socket.on('error', () => undefined)
          await cutOff
          socket.destroy()
        })
        expect((await limiter.peek(CLIENT, { class: 'read' })).limits[0]?.remaining).toBe(2)
      },
    )

    it('a charge is given back only for completed responses of the configured kind', async () => {
      const failed = appWith({ skipFailedRequests: true })
      for (const status of [500, 404, 400, 503]) {
        await request(failed).get(`/status/${status}`).expect(status).expect('X-RateLimit-Remaining', '2')
      }
      await request(failed).get('/status/200').expect('X-RateLimit-Remaining', '2')
      await request(failed).get('/status/304').expect('X-RateLimit-Remaining', '1')

      const successful = appWith({ skipSuccessfulRequests: true })
      for (const status of [200, 204, 304]) {
        await request(successful).get(`/status/${status}`).expect(status).expect('X-RateLimit-Remaining', '2')
      }
      await request(successful).get('/status/401').expect('X-RateLimit-Remaining', '2')
      await request(successful).get('/status/401').expect('X-RateLimit-Remaining', '1')
    })

    it('a refusal gives nothing back, and requestWasSuccessful is not called for it', async () => {
      const statuses: number[] = []
      const app = appWith({
        read: { ...read, limit: 1 },
        skipFailedRequests: true,
        requestWasSuccessful: (_req, res) => {
          statuses.push(res.statusCode)
          return res.statusCode === 200
        },
      })
      await request(app).get('/status/200').expect(200)
      for (let turn = 0; turn < 3; turn++) await request(app).get('/status/200').expect(429)
      expect(statuses).toEqual([200])
    })

    it('a charge of an earlier window is not given back in this one', async () => {
      const { app, clock, held, remaining } = appWithHeldResponses()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const late = await held.hold(`${url}/held`)
        // After a minute, every window is over and every bucket is full again.
        clock.advance(60_000)
        for (let turn = 0; turn < 2; turn++) expect((await fetch(`${url}/kept`)).status).toBe(200)
        await late.finish(500)
        expect(await remaining()).toBe(1)
      })
    })

    it('a refund gives back one unit: three more requests are allowed, and not four', async () => {
      const retryAfter: ForEachAlgorithm<string> = {
        // A window starts with a request that counts. A request that was given back does not count.
        'fixed-window': '60',
        'sliding-window': '60',
        // Half of the unit had come back before the refund, and is not given back again: 20 seconds, not 10.
        'token-bucket': '20',
      }
      const { app, clock, held } = appWithHeldResponses()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const slow = await held.hold(`${url}/held`)
        clock.advance(10_000)
        await slow.finish(500)
        for (let turn = 0; turn < 3; turn++) expect((await fetch(`${url}/kept`)).status).toBe(200)
        const refused = await fetch(`${url}/kept`)
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, retryAfter[algorithm]])
      })
    })

    it('two charges are given back in any order, and not more than was charged', async () => {
      const retryAfter: ForEachAlgorithm<string> = {
        'fixed-window': '30',
        'sliding-window': '60',
        'token-bucket': '20',
      }
      const { app, clock, held } = appWithHeldResponses()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const first = await held.hold(`${url}/held`)
        const second = await held.hold(`${url}/held`)
        await first.finish(500)
        // The first unit was given back at once. So a bucket regained only the second unit, in 20 seconds.
        clock.advance(30_000)
        expect((await fetch(`${url}/kept`)).status).toBe(200)
        await second.finish(500)
        for (let turn = 0; turn < 2; turn++) expect((await fetch(`${url}/kept`)).status).toBe(200)
        const refused = await fetch(`${url}/kept`)
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, retryAfter[algorithm]])
      })
    })

    it('never more is given back than was charged, with other requests in between', async () => {
      const expected: ForEachAlgorithm<number> = { 'fixed-window': 1, 'sliding-window': 1, 'token-bucket': 3 }
      const { app, clock, held, remaining } = appWithHeldResponses()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const [first, second, third] = [
          await held.hold(`${url}/held`),
          await held.hold(`${url}/held`),
          await held.hold(`${url}/held`),
        ]
        await first.finish(500)
        // A bucket regains the second unit at 20 seconds, the third at 40, and the next one at 60.
        clock.advance(39_000)
        expect((await fetch(`${url}/kept`)).status).toBe(200)
        clock.advance(2000)
        await third.finish(500)
        const after = await remaining()
        await second.finish(200)
        // A bucket does not know that the first unit was charged before the third. So the third one is given
        // back, although it had come back a second before.
        expect(after).toBe(expected[algorithm])
      })
    })

    it('a refund never makes the number of used units negative', async () => {
      const { app, limiter, held, remaining } = appWithHeldResponses()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const slow = await held.hold(`${url}/held`)
        await limiter.reset(CLIENT)
        await fetch(`${url}/kept`)
        await slow.finish(500)
        expect(await remaining()).toBe(2)
      })
    })

    it('a charge is given back after the response if requestWasSuccessful is asynchronous', async () => {
      const { app, held, remaining } = appWithHeldResponses({
        store: asynchronous(new MemoryStore({ clock: new FakeClock(0) })),
        skipFailedRequests: true,
        requestWasSuccessful: async (_req, res) => res.statusCode < 400,
      })
      await withListeningServer(app, async (port) => {
        const slow = await held.hold(`http://127.0.0.1:${port}/held`)
        expect(await remaining()).toBe(2)
        await slow.finish(500)
        expect(await remaining()).toBe(3)
      })
    })
  })
})

describe('threat 13 in the store', () => {
  it.each(ALGORITHMS)('a receipt of a %s is valid once', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock(0) })
    const limits = [{ name: 'three', limit: 3, burst: 3, windowMs: 60_000, ttlMs: 90_000, algorithm }]
    const charge = { key: 'client', limits, cost: 1 }
    const { receipt = {} } = store.consume(charge)
    store.consume(charge)
    for (let turn = 0; turn < 3; turn++) store.refund(receipt)
    expect(store.peek(charge).limits[0]?.remaining).toBe(2)
    store.close()
  })

  it.each(ALGORITHMS)('a copy of a receipt of a %s is not valid', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock(0) })
    const limits = [{ name: 'three', limit: 3, burst: 3, windowMs: 60_000, ttlMs: 90_000, algorithm }]
    const charge = { key: 'client', limits, cost: 1 }
    const { receipt = {} } = store.consume(charge)
    for (const forged of [{}, { ...receipt }, Object.create(receipt) as object]) store.refund(forged)
    expect(store.peek(charge).limits[0]?.remaining).toBe(2)
    store.close()
  })
})

function socketClosed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Sends a request, and resets the connection at the first byte of the answer. */
async function sendAndReset(port: number): Promise<void> {
  const socket = net.connect(port, CLIENT, () => socket.write(rawGet('/')))
  socket.on('error', () => undefined)
  socket.once('data', () => socket.resetAndDestroy())
  await socketClosed(socket)
}
