import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Request } from 'express'
import express4 from 'express4'
import { describe, expect, it, vi } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { appTrustsEveryProxy, trustOfApp } from '../../src/client/express-proxy-trust.ts'
import { createRateLimiter } from '../../src/create-rate-limiter.ts'
import { exchange } from '../request/exchange.ts'

/** A request that the app handles. */
function requestOf(app: unknown): IncomingMessage {
  return Object.assign(exchange().req, { app })
}

function isTrusted(app: unknown, address: string, hop = 0): boolean {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new Error(`${address} is not an address`)
  const request = Object.assign(requestOf(app), { socket: { remoteAddress: address } })
  return trustOfApp(request)(parsed, hop)
}

describe('the proxies that an app trusts', () => {
  it('are those of its setting', () => {
    const app = express()
    expect(isTrusted(app, '10.0.0.1')).toBe(false)
    app.set('trust proxy', 'uniquelocal')
    expect(isTrusted(app, '10.0.0.1')).toBe(true)
    expect(isTrusted(app, '192.0.2.1')).toBe(false)
    app.set('trust proxy', 1)
    expect([isTrusted(app, '192.0.2.1', 0), isTrusted(app, '192.0.2.1', 1)]).toEqual([true, false])
  })

  it('are decided by a function that gets canonical addresses, and any truthy value trusts', () => {
    const fn = vi.fn(() => 1)
    const app = express()
    app.set('trust proxy', fn)
    expect(isTrusted(app, '::FFFF:10.0.0.1', 2)).toBe(true)
    expect(fn).toHaveBeenCalledWith('10.0.0.1', 2)
  })

  it('are decided by a function that gets the peer as Express gives it', async () => {
    for (const createApp of [express, express4 as unknown as typeof express]) {
      const asked: string[] = []
      const app = createApp()
      app.set('trust proxy', (address: string, hop: number) => {
        asked.push(`${address} ${hop}`)
        return address === '::ffff:127.0.0.1'
      })
      app.use(createRateLimiter({ name: 'peer' }))
      app.get('/', ({ ip, rateLimit }: Request & { rateLimit?: { key: string } }, res) => {
        res.json([ip, rateLimit?.key])
      })
      // As on a server that listens on IPv6 and IPv4, but on this machine only.
      const server = app.listen(0, '::ffff:127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const headers = { 'x-forwarded-for': '203.0.113.5' }
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
      expect(await response.json()).toEqual(['203.0.113.5', '203.0.113.5'])
      expect(new Set(asked)).toEqual(new Set(['::ffff:127.0.0.1 0', '203.0.113.5 1']))
      server.closeAllConnections()
      server.close()
    }
  })

  it.each([[0], [''], [null], [undefined], [Promise.resolve(true)]])(
    'are none if the function returns %o',
    (answer) => {
      const app = express()
      app.set('trust proxy', () => answer)
      expect(isTrusted(app, '10.0.0.1')).toBe(false)
    },
  )

  it('are none if the function returns a promise that is rejected, which does not end the process', () => {
    const app = express()
    app.set('trust proxy', () => Promise.reject(new Error('no')))
    expect(isTrusted(app, '10.0.0.1')).toBe(false)
  })

  it.each([
    ['no app', undefined],
    ['an app without settings', {}],
    ['an app whose get() has no settings', { get: () => undefined }],
    ['an app whose trust function is a string', { get: () => 'loopback' }],
  ])('are none if the request has %s', (_what, app) => {
    expect(isTrusted(app, '127.0.0.1')).toBe(false)
    expect(appTrustsEveryProxy(requestOf(app))).toBe(false)
  })
})

describe('an app trusts every proxy', () => {
  it.each([
    [true, true],
    [1, false],
    ['loopback', false],
    [false, false],
  ])('with the setting %o: %s', (setting, expected) => {
    const app = express()
    app.set('trust proxy', setting)
    expect(appTrustsEveryProxy(requestOf(app))).toBe(expected)
  })
})
