import net from 'node:net'
import express, { type Request } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'

describe.each(EXPRESS_VERSIONS)('identity on %s', (_name, express) => {
  /** An app that answers with the client key of the request. */
  function appWith(options: RateLimiterOptions): ReturnType<typeof express> {
    const app = express()
    app.use(createRateLimiter({ ...options }))
    app.get('/', (req: Request, res) => {
      res.json({ key: req.rateLimit?.key })
    })
    return app
  }

  it.each([
    ['X-Forwarded-For', 1000],
    ['X-Real-IP', 100],
    ['CF-Connecting-IP', 100],
    ['True-Client-IP', 100],
    ['X_Forwarded_For', 100],
  ])('threat 1: a direct client gains nothing with changing values of %s', async (header, requests) => {
    const statuses = await withListeningServer(appWith({ read: 10 }), async (port) => {
      const texts = Array.from({ length: requests }, (_, turn) =>
        rawGet('/', [`${header}: 198.51.${turn >> 8}.${turn & 255}`]),
      )
      return (await sendRaw(port, texts.join(''), requests)).map(({ status }) => status)
    })
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(requests - 10)
  })

  it('threat 1: a direct client gains nothing with changing values of Forwarded', async () => {
    const app = appWith({ read: 2 })
    for (const [turn, status] of [200, 200, 429, 429].entries()) {
      await request(app).get('/').set('Forwarded', `for=198.51.100.${turn}`).expect(status)
    }
  })

  it('threat 2: forged entries to the left of the entry of a trusted proxy do not change the key', async () => {
    const app = appWith({ trustProxy: 'loopback' })
    for (const forged of ['6.6.6.6', '1.1.1.1, 2.2.2.2', '127.0.0.1', 'unknown', '']) {
      const header = `${forged}${forged === '' ? '' : ', '}203.0.113.7`
      const { body } = await request(app).get('/').set('X-Forwarded-For', header)
      expect(body.key, header).toBe('203.0.113.7')
    }
  })

  it('threat 3: several header lines in mixed case are joined in order, and the rightmost entry counts', async () => {
    await withListeningServer(appWith({ trustProxy: 'loopback' }), async (port) => {
      const lines = ['X-FORWARDED-FOR: 6.6.6.6', 'x-forwarded-for: 7.7.7.7', 'X-Forwarded-For: 203.0.113.7']
      const [response] = await sendRaw(port, rawGet('/', lines))
      expect(JSON.parse(response?.body ?? '')).toEqual({ key: '203.0.113.7' })
    })
  })

  it('threat 4: a thousand addresses of one IPv6 /56 share one limit', async () => {
    const app = appWith({ read: 1000, trustProxy: 'loopback' })
    const statuses = await withListeningServer(app, async (port) => {
      const texts = Array.from({ length: 1001 }, (_, turn) =>
        rawGet('/', [`X-Forwarded-For: 2001:db8:1:${(turn & 255).toString(16)}::${turn.toString(16)}`]),
      )
      return (await sendRaw(port, texts.join(''), 1001)).map(({ status }) => status)
    })
    expect(statuses.filter((status) => status === 200)).toHaveLength(1000)
    expect(statuses.at(-1)).toBe(429)
  })

  it.each([
    ['2001:db8:0:1::5', '2001:db8::/56'],
    ['2001:DB8:0:1:0:0:0:5', '2001:db8::/56'],
    ['2001:0db8:0000:0001:0000:0000:0000:0005', '2001:db8::/56'],
    ['[2001:db8:0:1::5]:443', '2001:db8::/56'],
    ['2001:db8:0:1::5%eth0', '2001:db8::/56'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['::FFFF:CB00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ])('threat 4: %s is the client %s', async (spelling, key) => {
    const { body } = await request(appWith({ trustProxy: 'loopback' }))
      .get('/')
      .set('X-Forwarded-For', spelling)
    expect(body.key).toBe(key)
  })

  it('threat 4: two IPv4 clients of a server that listens on :: have two keys', async () => {
    const server = appWith({}).listen(0, '::')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    const keyFor = async (localAddress: string): Promise<string> => {
      const text = await new Promise<string>((resolve, reject) => {
        const socket = net.connect({ port, host: '127.0.0.1', localAddress }, () =>
          socket.write(rawGet('/', ['Connection: close'])),
        )
        let received = ''
        socket.on('data', (chunk) => {
          received += chunk.toString()
        })
        socket.on('end', () => resolve(received))
        socket.on('error', reject)
      })
      return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).key
    }
    try {
      expect(await keyFor('127.0.0.1')).toBe('127.0.0.1')
      expect(await keyFor('127.0.0.2')).toBe('127.0.0.2')
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('threat 6: a thousand entries that are not addresses are charged to the proxy that sent them', async () => {
    const app = appWith({ read: 10, trustProxy: 'loopback' })
    const responses = await withListeningServer(app, (port) => {
      const texts = Array.from({ length: 1000 }, (_, turn) => rawGet('/', [`X-Forwarded-For: rnd-${turn}`]))
      return sendRaw(port, texts.join(''), 1000)
    })
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(JSON.parse(responses[0]?.body ?? '')).toEqual({ key: '127.0.0.1' })
  })

  it('threat 6: at most 64 of 1500 entries are read', async () => {
    let checked = 0
    const app = appWith({
      trustProxy: () => {
        checked++
        return true
      },
    })
    const entries = Array.from({ length: 1500 }, () => '10.0.0.2')
    await request(app).get('/').set('X-Forwarded-For', entries.join(',')).expect(200)
    expect(checked).toBe(64)
  })

  it('threat 7: the key is read before an asynchronous skip, in which the client may reset its socket', async () => {
    const app = express()
    let resolveKey: (key: string | undefined) => void = () => undefined
    const chargedKey = new Promise<string | undefined>((resolve) => {
      resolveKey = resolve
    })
    const errors: unknown[] = []
    let resolveSkip: () => void = () => undefined
    const skipCalled = new Promise<void>((resolve) => {
      resolveSkip = resolve
    })
    app.use(
      createRateLimiter({
        skip: async (req) => {
          resolveSkip()
          await new Promise((resolve) => req.socket.once('close', resolve))
          return false
        },
      }),
    )
    app.use((req: Request) => resolveKey(req.rateLimit?.key))
    app.use((error: unknown, _req: Request, _res: unknown, _next: unknown) => {
      errors.push(error)
      resolveKey('error')
    })
    await withListeningServer(app, async (port) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(rawGet('/')))
      socket.on('error', () => undefined)
      await skipCalled
      socket.resetAndDestroy()
      expect(await chargedKey).toBe('127.0.0.1')
    })
    expect(errors).toEqual([])
  })
})

describe('identity in the options', () => {
  it.each(['::ffff:10.0.0.0/8', '010.0.0.1', '0x7f.0.0.1', '2130706433', '1', 'true', '', 'loopback,'])(
    'threat 5: trustProxy %j is an error',
    (trustProxy) => {
      expect(() => createRateLimiter({ trustProxy })).toThrow(/^trustProxy: /)
    },
  )

  it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])(
    'threat 5: trustProxy %d is an error',
    (trustProxy) => {
      expect(() => createRateLimiter({ trustProxy })).toThrow(/^trustProxy: takes a whole number of hops/)
    },
  )

  it('threat 5: ::1/64 trusts no IPv4 peer, and an asynchronous function trusts no peer', async () => {
    for (const trustProxy of ['::1/64', (async () => true) as unknown as () => boolean]) {
      const app = express()
      app.use(createRateLimiter({ trustProxy }))
      app.get('/', (req: Request, res) => {
        res.json({ key: req.rateLimit?.key })
      })
      const { body } = await request(app).get('/').set('X-Forwarded-For', '6.6.6.6')
      expect(body.key).toBe('127.0.0.1')
    }
  })
})
