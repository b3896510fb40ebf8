import type { IncomingMessage } from 'node:http'
import express from 'express'
import { describe, expect, it, vi } from 'vitest'
import { parseAddress } from '../../src/client/address.ts'
import { appTrustsEverybody, trustOfApp } from '../../src/client/express-app.ts'
import { exchange } from '../request/exchange.ts'

/** A request as the app would see it. */
function requestOf(app: unknown): IncomingMessage {
  return Object.assign(exchange().req, { app })
}

function trusts(app: unknown, address: string, hop = 0): boolean {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new Error(`no address: ${address}`)
  return trustOfApp(requestOf(app))(parsed, hop)
}

describe('the trust of an app', () => {
  it('is what its setting says', () => {
    const app = express()
    expect(trusts(app, '10.0.0.1')).toBe(false)
    app.set('trust proxy', 'uniquelocal')
    expect(trusts(app, '10.0.0.1')).toBe(true)
    expect(trusts(app, '192.0.2.1')).toBe(false)
    app.set('trust proxy', 1)
    expect([trusts(app, '192.0.2.1', 0), trusts(app, '192.0.2.1', 1)]).toEqual([true, false])
  })

  it('is compiled once for each function', () => {
    const app = express()
    app.set('trust proxy', 1)
    const first = trustOfApp(requestOf(app))
    expect(trustOfApp(requestOf(app))).toBe(first)
    app.set('trust proxy', 2)
    expect(trustOfApp(requestOf(app))).not.toBe(first)
  })

  it('is given canonical addresses, and only a literal true of it counts', () => {
    const fn = vi.fn(() => 1)
    const app = express()
    app.set('trust proxy', fn)
    expect(trusts(app, '::FFFF:10.0.0.1', 2)).toBe(false)
    expect(fn).toHaveBeenCalledWith('10.0.0.1', 2)
  })

  it.each([
    ['no app', undefined],
    ['an app without settings', {}],
    ['an app whose get() knows routes only', { get: () => undefined }],
    ['an app with something else there', { get: () => 'loopback' }],
  ])('is nobody where the request has %s', (_what, app) => {
    expect(trusts(app, '127.0.0.1')).toBe(false)
    expect(appTrustsEverybody(requestOf(app))).toBe(false)
  })
})

describe('an app that trusts everybody', () => {
  it.each([
    [true, true],
    [1, false],
    ['loopback', false],
    [false, false],
  ])('with trust proxy %o: %s', (setting, everybody) => {
    const app = express()
    app.set('trust proxy', setting)
    expect(appTrustsEverybody(requestOf(app))).toBe(everybody)
  })
})
