import type { IncomingMessage } from 'node:http'
import express from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { PeerSocket } from '../../src/client/peer-socket.ts'
import { createRateLimiter, type RateLimiterOptions } from '../../src/index.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { socketWithoutAddress } from './resolved-client.ts'

function explained(
  options: RateLimiterOptions,
  socket: PeerSocket,
  headers: Record<string, string> = {},
): unknown {
  return createRateLimiter(options).explain({ headers, socket } as unknown as IncomingMessage)
}

describe('limiter.explain', () => {
  it('gives no advice where an adapter names the client as the peer, as behind API Gateway', () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' }
    const socket = { remoteAddress: '198.51.100.1' }
    expect(explained({ trustProxy: false }, socket, headers)).toMatchObject({
      key: '198.51.100.1',
      advice: undefined,
    })
    const other = { remoteAddress: '203.0.113.9' }
    expect(explained({ trustProxy: false }, other, headers)).toMatchObject({
      advice: 'set trustProxy to its address or CIDR',
    })
  })

  it('shows each hop with its verdict, and the key', () => {
    const value = '6.6.6.6, 2001:db8::1, 10.0.0.2'
    const headers = { 'x-forwarded-for': value }
    expect(explained({ trustProxy: '10.0.0.0/8' }, { remoteAddress: '::ffff:10.0.0.1' }, headers)).toEqual({
      peer: '10.0.0.1',
      header: { name: 'x-forwarded-for', value },
      hops: [
        { address: '10.0.0.1', verdict: 'trusted' },
        { address: '10.0.0.2', verdict: 'trusted' },
        { address: '2001:db8::1', verdict: 'not trusted' },
      ],
      key: '2001:db8::/56',
      advice: undefined,
    })
  })

  it.each<[string, RateLimiterOptions, PeerSocket, Record<string, string>, object]>([
    [
      'a sender that is not trusted',
      { trustProxy: false },
      { remoteAddress: '10.0.0.1' },
      { 'x-forwarded-for': '198.51.100.1' },
      {
        hops: [{ address: '10.0.0.1', verdict: 'not trusted' }],
        key: '10.0.0.1',
        advice: 'set trustProxy: 1 (or the number of proxies)',
      },
    ],
    [
      'a trusted proxy that names nobody',
      { trustProxy: 1 },
      { remoteAddress: '10.0.0.1' },
      { 'x-forwarded-for': '6.6.6.6,' },
      {
        hops: [
          { address: '10.0.0.1', verdict: 'trusted' },
          { address: undefined, verdict: 'not named' },
        ],
        key: '10.0.0.1',
        advice: 'let the proxy send the address of its client in x-forwarded-for',
      },
    ],
    [
      'another header',
      { trustProxy: false },
      { remoteAddress: '192.0.2.1' },
      { 'x-real-ip': '198.51.100.1' },
      {
        key: '192.0.2.1',
        advice: "set clientIpHeader: 'x-real-ip', and set trustProxy to its address or CIDR",
      },
    ],
    [
      'a peer without an address',
      { trustProxy: true },
      {},
      { 'x-forwarded-for': '198.51.100.1' },
      {
        peer: undefined,
        hops: [{ address: undefined, verdict: 'unknown' }],
        key: 'unknown',
        advice: "set trustProxy: 'adapter'",
      },
    ],
    [
      'a closed connection',
      { trustProxy: true },
      socketWithoutAddress(),
      {},
      { hops: [{ address: undefined, verdict: 'unknown' }], key: 'unknown', advice: undefined },
    ],
    [
      'an adapter',
      { trustProxy: 'adapter' },
      {},
      { 'x-forwarded-for': '198.51.100.1' },
      {
        hops: [
          { address: undefined, verdict: 'trusted' },
          { address: '198.51.100.1', verdict: 'not trusted' },
        ],
        key: '198.51.100.1',
        advice: undefined,
      },
    ],
    ['a direct client', {}, { remoteAddress: '192.0.2.1' }, {}, { key: '192.0.2.1', advice: undefined }],
  ])('advises in the case of %s', (_what, options, socket, headers, expected) => {
    expect(explained(options, socket, headers)).toMatchObject(expected)
  })

  it('agrees with the key that is charged, by the trust of the app, and warns of nothing', async () => {
    const app = express().set('trust proxy', 'loopback')
    const limiter = createRateLimiter()
    app.use(limiter)
    app.get('/', (req, res) => {
      res.json({ explained: limiter.explain(req).key, charged: req.rateLimit?.key })
    })
    const { body } = await request(app).get('/').set('X-Forwarded-For', '198.51.100.1')
    expect(body).toEqual({ explained: '198.51.100.1', charged: '198.51.100.1' })
    expect(await emittedBy(() => explained({ trustProxy: true }, {}))).toEqual([])
  })
})
