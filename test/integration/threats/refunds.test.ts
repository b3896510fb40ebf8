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

/** Three units in a minute: a bucket regains one in 20 seconds. */
const THREE = { limit: 3, windowSec: 60 }
const CLIENT = '127.0.0.1'

describe.each(EXPRESS_VERSIONS)('threat 13 on %s', (_name, express) => {
  describe.each(ALGORITHMS)('with a %s', (algorithm) => {
    const read = { ...THREE, algorithm }

    function appWith(options: RateLimiterOptions<Request, Response>): ReturnType<typeof express> {
      const app = express()
      app.use(createRateLimiter({ read, clock: new FakeClock(), ...options }))
      app.get('/status/:status', (req: Request, res: Response) => {
        res.sendStatus(Number(req.params.status))
      })
      return app
    }

    /** An app with held responses, and what its tests turn and ask. */
    function heldApp(options: RateLimiterOptions = { skipFailedRequests: true }) {
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
        (await limiter.peek(CLIENT)).limits[0]?.remaining
      return { app, clock, limiter, held, remaining }
    }

    it.each([
      [{}, 200],
      [{ skipFailedRequests: true }, 500],
      [{ skipSuccessfulRequests: true }, 200],
    ])(
      'nine aborted requests, limit 3: the handler runs three times and every charge stays (%o, answered %d)',
      async (options, status) => {
        const limiter = createRateLimiter({ read, clock: new FakeClock(), ...options })
        const answers: Array<Promise<void>> = []
        const app = express()
        app.use(limiter)
        app.use((req: Request, res: Response) => {
          // The handler answers after the client has gone, as handlers do.
          answers.push(closeOf(req.socket).then(() => void res.sendStatus(status)))
          // Tells the client that it is time to hang up.
          res.writeProcessing()
        })
        await withListeningServer(app, async (port) => {
          for (let turn = 0; turn < 9; turn++) await askAndReset(port)
          await Promise.all(answers)
        })
        expect(answers).toHaveLength(3)
        expect((await limiter.peek(CLIENT)).limits[0]?.remaining).toBe(0)
      },
    )

    it.each([
      [{ skipFailedRequests: true }, 500],
      [{ skipSuccessfulRequests: true }, 200],
    ])(
      'an answer that the client would not read gives nothing back (%o, answered %d)',
      async (options, status) => {
        const limiter = createRateLimiter({ read, clock: new FakeClock(), ...options })
        const app = express()
        app.use(limiter)
        const cutOff = new Promise<void>((resolve) => {
          app.use((req: Request, res: Response) => {
            req.socket.once('close', () => resolve())
            // More than the system takes in at once; the server waits for the client to read it.
            res.status(status).end(Buffer.alloc(50_000_000))
            // As a server does whose patience has come to an end.
            setImmediate(() => req.socket.destroy())
          })
        })
        await withListeningServer(app, async (port) => {
          const socket = net.connect(port, CLIENT, () => socket.write(rawGet('/')))
          socket.on('error', () => undefined)
          await cutOff
          socket.destroy()
        })
        expect((await limiter.peek(CLIENT)).limits[0]?.remaining).toBe(2)
      },
    )

    it('a charge is given back for completed responses of the wanted kind only', async () => {
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

    it('a refusal is a failed response, and gives nothing back, whoever is asked about it', async () => {
      const asked: number[] = []
      const app = appWith({
        read: { ...read, limit: 1 },
        skipFailedRequests: true,
        requestWasSuccessful: (_req, res) => {
          asked.push(res.statusCode)
          return res.statusCode === 200
        },
      })
      await request(app).get('/status/200').expect(200)
      for (let turn = 0; turn < 3; turn++) await request(app).get('/status/200').expect(429)
      expect(asked).toEqual([200])
    })

    it('a charge of an earlier window is not given back in this one', async () => {
      const { app, clock, held, remaining } = heldApp()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const late = await held.hold(`${url}/held`)
        // In a minute every window is over, and every bucket full again by itself.
        clock.advance(60_000)
        for (let turn = 0; turn < 2; turn++) expect((await fetch(`${url}/kept`)).status).toBe(200)
        await late.finish(500)
        expect(await remaining()).toBe(1)
      })
    })

    it('what is given back is all there is: three more requests, and not four', async () => {
      const retryAfter: ForEachAlgorithm<string> = {
        // A window opens with a request that counts, and the one that was given back does not.
        'fixed-window': '60',
        'sliding-window': '60',
        // Half of the unit had come back by itself, and is not given a second time: 20, and not 10.
        'token-bucket': '20',
      }
      const { app, clock, held } = heldApp()
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

    it('two charges are given back in any order, and no more than they took', async () => {
      const retryAfter: ForEachAlgorithm<string> = {
        'fixed-window': '30',
        'sliding-window': '60',
        'token-bucket': '20',
      }
      const { app, clock, held } = heldApp()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const first = await held.hold(`${url}/held`)
        const second = await held.hold(`${url}/held`)
        await first.finish(500)
        // The first unit was given back at once, so a bucket has owed the second alone: for 20 seconds.
        clock.advance(30_000)
        expect((await fetch(`${url}/kept`)).status).toBe(200)
        await second.finish(500)
        for (let turn = 0; turn < 2; turn++) expect((await fetch(`${url}/kept`)).status).toBe(200)
        const refused = await fetch(`${url}/kept`)
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, retryAfter[algorithm]])
      })
    })

    it('never is more given back than was taken, whatever has come in meanwhile', async () => {
      const left: ForEachAlgorithm<number> = { 'fixed-window': 1, 'sliding-window': 1, 'token-bucket': 3 }
      const { app, clock, held, remaining } = heldApp()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const [first, second, third] = [
          await held.hold(`${url}/held`),
          await held.hold(`${url}/held`),
          await held.hold(`${url}/held`),
        ]
        await first.finish(500)
        // A bucket owes the second unit until 20 seconds, the third until 40, and the next one until 60.
        clock.advance(39_000)
        expect((await fetch(`${url}/kept`)).status).toBe(200)
        clock.advance(2000)
        await third.finish(500)
        const after = await remaining()
        await second.finish(200)
        // A bucket does not know that the first was ahead of the third, which so keeps its turn at 60 seconds
        // and is given back, a second after it came back by itself.
        expect(after).toBe(left[algorithm])
      })
    })

    it('giving back never goes below zero used', async () => {
      const { app, limiter, held, remaining } = heldApp()
      await withListeningServer(app, async (port) => {
        const url = `http://127.0.0.1:${port}`
        const slow = await held.hold(`${url}/held`)
        await limiter.reset(CLIENT)
        await fetch(`${url}/kept`)
        await slow.finish(500)
        expect(await remaining()).toBe(2)
      })
    })

    it('what a function decided later than the client is served gives back in the background', async () => {
      const { app, held, remaining } = heldApp({
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
  it.each(ALGORITHMS)('a receipt of a %s is good once', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock(0) })
    const limits = [{ name: 'three', limit: 3, burst: 3, windowMs: 60_000, ttlMs: 90_000, algorithm }]
    const charge = { key: 'client', limits, cost: 1 }
    const { receipt = {} } = store.consume(charge)
    store.consume(charge)
    for (let turn = 0; turn < 3; turn++) store.refund(receipt)
    expect(store.peek(charge).limits[0]?.remaining).toBe(2)
    store.close()
  })

  it.each(ALGORITHMS)('an object that looks like a receipt of a %s is none', (algorithm) => {
    const store = new MemoryStore({ clock: new FakeClock(0) })
    const limits = [{ name: 'three', limit: 3, burst: 3, windowMs: 60_000, ttlMs: 90_000, algorithm }]
    const charge = { key: 'client', limits, cost: 1 }
    const { receipt = {} } = store.consume(charge)
    for (const forged of [{}, { ...receipt }, Object.create(receipt) as object]) store.refund(forged)
    expect(store.peek(charge).limits[0]?.remaining).toBe(2)
    store.close()
  })
})

function closeOf(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Sends a request and resets the connection at the first byte of an answer. */
async function askAndReset(port: number): Promise<void> {
  const socket = net.connect(port, CLIENT, () => socket.write(rawGet('/')))
  socket.on('error', () => undefined)
  socket.once('data', () => socket.resetAndDestroy())
  await closeOf(socket)
}
