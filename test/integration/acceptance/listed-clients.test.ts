import http from 'node:http'
import { Socket } from 'node:net'
import type { NextFunction, Request, Response } from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'
import { rawGet, sendRaw } from '../../support/http/raw-http.ts'
import { listingApp, requestFrom, statusFromLocalAddress } from './listing-app.ts'

describe.each(EXPRESS_VERSIONS)('clients on lists on %s', (_name, express) => {
  const limitedApp = (options: RateLimiterOptions): ReturnType<typeof listingApp> =>
    listingApp(express, options)

  describe('canonical forms', () => {
    it.each([
      ['203.0.113.7', '::ffff:203.0.113.7'],
      ['203.0.113.7', '::FFFF:CB00:7107'],
      ['203.0.113.7', '203.0.113.7:4711'],
      ['203.0.113.7', '[::ffff:203.0.113.7]:4711'],
      ['::ffff:203.0.113.7', '203.0.113.7'],
      ['::ffff:203.0.113.0/120', '203.0.113.7'],
      ['203.0.113.0/255.255.255.0', '203.0.113.7'],
      [' 203.0.113.7 ', '203.0.113.7'],
      ['203.0.113.99/24', '203.0.113.7'],
      ['2001:db8::5', '2001:DB8:0:0:0:0:0:5'],
      ['2001:DB8::5', '[2001:db8::5]:443'],
      ['2001:db8::/32', '2001:db8:ffff::1'],
      ['fe80::/10', 'fe80::1%eth0'],
      ['linklocal', 'fe80::1%eth0'],
      ['linklocal', '169.254.9.9'],
      ['uniquelocal', '10.1.2.3'],
      ['uniquelocal', '172.31.255.255'],
      ['uniquelocal', 'fdff::1'],
      ['::/0', '2001:db8::1'],
      ['0.0.0.0/0', '198.51.100.1'],
      ['::10.0.0.2', '::a00:2'],
    ])('%s contains the client %s', async (entry, address) => {
      await requestFrom(limitedApp({ denyList: [entry] }).app, address).expect(403)
      const { app } = limitedApp({ allowList: ['192.0.2.1', entry, '192.0.2.2'] })
      for (let turn = 0; turn < 2; turn++) await requestFrom(app, address).expect(200)
    })

    // Anyone can send from such an address: it is one client with the IPv4 address, and is not allowed in its place.
    it.each([
      ['203.0.113.7', '64:ff9b::203.0.113.7'],
      ['203.0.113.0/24', '2002:cb00:7107::1'],
      ['64:ff9b::cb00:7107', '203.0.113.7'],
      ['2002:cb00:7107::/48', '64:ff9b::203.0.113.7'],
    ])(
      '%s in the denyList contains the client %s, and in the allowList it does not',
      async (entry, address) => {
        await requestFrom(limitedApp({ denyList: [entry] }).app, address).expect(403)
        const { app } = limitedApp({ allowList: [entry] })
        await requestFrom(app, address).expect(200)
        await requestFrom(app, address).expect(429)
      },
    )

    it.each([
      ['203.0.113.7', '203.0.113.70'],
      // Not a global address: a private one of another network.
      ['10.0.0.1', '64:ff9b::10.0.0.1'],
      ['10.0.0.1', '2002:a00:1::1'],
      ['203.0.113.0/25', '203.0.113.128'],
      ['172.16.0.0/12', '172.32.0.0'],
      ['2001:db8::5', '2001:db8::6'],
      ['2001:db8::/33', '2001:db8:8000::1'],
      ['::10.0.0.2', '10.0.0.2'],
      ['::/0', '203.0.113.7'],
      ['0.0.0.0/0', '2001:db8::1'],
      ['::1', '203.0.113.7'],
    ])('%s does not contain the client %s', async (entry, address) => {
      await requestFrom(limitedApp({ denyList: [entry] }).app, address).expect(200)
      const { app } = limitedApp({ allowList: [entry] })
      await requestFrom(app, address).expect(200)
      await requestFrom(app, address).expect(429)
    })
  })

  describe('the address of a client', () => {
    it.each([undefined, false] as const)(
      'is that of the peer of the socket (trustProxy %s)',
      async (trustProxy) => {
        const app = express()
        app.use(
          createRateLimiter({
            read: 1,
            denyList: ['127.0.0.2'],
            allowList: ['127.0.0.3'],
            ...(trustProxy === undefined ? {} : { trustProxy }),
          }),
        )
        await withListeningServer(app, async (port) => {
          expect(await statusFromLocalAddress('127.0.0.2', port)).toBe(403)
          for (let turn = 0; turn < 3; turn++)
            expect(await statusFromLocalAddress('127.0.0.3', port)).toBe(404)
          expect([
            await statusFromLocalAddress('127.0.0.4', port),
            await statusFromLocalAddress('127.0.0.4', port),
          ]).toEqual([404, 429])
        })
      },
    )

    it('is an IPv4 address on a server that listens on ::', async () => {
      const app = express()
      app.use(createRateLimiter({ denyList: ['127.0.0.2'] }))
      const server = http.createServer(app)
      await new Promise<void>((resolve) => server.listen(0, '::', resolve))
      const { port } = server.address() as { port: number }
      try {
        expect(await statusFromLocalAddress('127.0.0.2', port)).toBe(403)
        expect(await statusFromLocalAddress('127.0.0.1', port)).toBe(404)
      } finally {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    })

    it.each([
      'X-Forwarded-For',
      'Forwarded',
      'X-Real-IP',
      'CF-Connecting-IP',
      'True-Client-IP',
      'X-Client-IP',
      'X_Forwarded_For',
      'Host',
    ])('is not read from %s of an untrusted peer', async (header) => {
      const app = express()
      app.use(createRateLimiter({ read: 1, trustProxy: false, allowList: ['203.0.113.7'] }))
      const value = header === 'Forwarded' ? 'for=203.0.113.7' : '203.0.113.7'
      await request(app).get('/').set(header, value).expect(404)
      await request(app).get('/').set(header, value).expect(429)

      const denying = express()
      denying.use(createRateLimiter({ trustProxy: false, denyList: ['127.0.0.1'] }))
      await request(denying).get('/').set(header, value).expect(403)
    })

    it('is read from the configured header, and from no other header', async () => {
      const { app } = limitedApp({ clientIpHeader: 'cf-connecting-ip', allowList: ['203.0.113.7'] })
      for (let turn = 0; turn < 2; turn++) {
        await request(app).get('/').set('CF-Connecting-IP', '203.0.113.7').expect(200)
      }
      await requestFrom(app, '203.0.113.7').expect(200)
      await requestFrom(app, '203.0.113.7').expect(429)
    })

    it.each([
      '203.0.113.7, 198.51.100.1',
      '203.0.113.7,198.51.100.1',
      '203.0.113.7, 203.0.113.7, 198.51.100.1',
      '203.0.113.7, 127.0.0.1, 198.51.100.1',
      '203.0.113.7, unknown, 198.51.100.1',
      '"203.0.113.7, 198.51.100.1"',
    ])('is not read from entries that the client sent before the entry of the proxy: %s', async (header) => {
      // The proxy has appended 198.51.100.1. In the last header, the quotes make that entry an invalid
      // address.
      const allowing = limitedApp({ allowList: ['203.0.113.7'] })
      expect([
        (await requestFrom(allowing.app, header)).status,
        (await requestFrom(allowing.app, header)).status,
      ]).toEqual([200, 429])
      const denying = limitedApp({ denyList: ['198.51.100.1', '127.0.0.1'] })
      await requestFrom(denying.app, header).expect(403)
    })

    it('is not read from a header line that the client sent before the line of the proxy', async () => {
      const { app } = limitedApp({ allowList: ['203.0.113.7'] })
      const lines = ['X-Forwarded-For: 203.0.113.7', 'x-forwarded-for: 198.51.100.1']
      await withListeningServer(app, async (port) => {
        const answers = await sendRaw(port, rawGet('/', lines).repeat(2), 2)
        expect(answers.map(({ status }) => status)).toEqual([200, 429])
      })
    })

    it('is that of the client, not that of the proxy', async () => {
      const { app } = limitedApp({ denyList: ['loopback'], allowList: ['10.0.0.0/8'] })
      await requestFrom(app, '203.0.113.7').expect(200)
      await requestFrom(app, '203.0.113.7').expect(429)
      await request(app).get('/').expect(403)
    })

    it('depends on the setting trust proxy of the app', async () => {
      const app = express()
      app.set('trust proxy', 'loopback')
      app.use(createRateLimiter({ denyList: ['203.0.113.7'] }))
      await requestFrom(app, '203.0.113.7').expect(403)
      await requestFrom(app, '203.0.113.7, 198.51.100.1').expect(404)
    })
  })

  it('the request of a denied client is not handled if the client closes the connection at once', async () => {
    let handled = 0
    let withAddress = 0
    const app = express()
    app.use((req: Request, _res: Response, next: NextFunction) => {
      if (req.socket.remoteAddress !== undefined) withAddress++
      next()
    })
    app.use(createRateLimiter({ denyList: ['127.0.0.1'] }))
    app.use((_req: Request, res: Response) => {
      handled++
      res.json({})
    })
    await withListeningServer(app, async (port) => {
      for (let turn = 0; turn < 20; turn++) await postAndReset(port)
      expect(
        await statusFromLocalAddress('127.0.0.1', port),
        'the requests before this one are complete',
      ).toBe(403)
    })
    expect(handled, `${withAddress} of 21 requests had an address`).toBe(0)
  })
})

/** Sends a POST and resets the connection at once. */
function postAndReset(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = new Socket()
    socket.on('error', () => undefined)
    socket.once('close', () => resolve())
    socket.connect(port, '127.0.0.1', () => {
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
      socket.resetAndDestroy()
    })
  })
}
