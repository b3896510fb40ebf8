import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addressText } from '../../src/client/address.ts'
import { createClientResolver, NO_CLIENT_WARNINGS } from '../../src/client/client-resolver.ts'
import type { PeerSocket } from '../../src/client/peer-socket.ts'
import { compileTrust, type TrustProxyOption, trustsAdapter } from '../../src/client/proxy-trust.ts'
import { reportedClient, resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'
const forwardedFor = { 'x-forwarded-for': CLIENT }

describe('the client of a request', () => {
  const resolve = createClientResolver({
    header: 'x-forwarded-for',
    ipv6Subnet: 56,
    trustFor: () => () => true,
    trustsAdapter: false,
    warnings: NO_CLIENT_WARNINGS,
  })
  const clientOf = (remoteAddress: string | undefined, header?: string): ReturnType<typeof resolve> =>
    resolve({
      headers: header === undefined ? {} : { 'x-forwarded-for': header },
      socket: { remoteAddress },
    })

  /** The key of a client, and the text of its address. */
  const keyAndAddress = (...args: Parameters<typeof clientOf>): unknown[] => {
    const { key, address } = clientOf(...args)
    return [key, address === undefined ? undefined : addressText(address)]
  }

  it('has a canonical address, and the key of its network', () => {
    expect(keyAndAddress('203.0.113.7')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(keyAndAddress('::ffff:203.0.113.7')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(keyAndAddress('::FFFF:cb00:7107')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(keyAndAddress('::1', '2001:DB8:1:2:3:4:5:6')).toEqual(['2001:db8:1::/56', '2001:db8:1:2:3:4:5:6'])
    expect(keyAndAddress('::1', '::ffff:198.51.100.1')).toEqual([CLIENT, CLIENT])
  })

  it('is not read as IPv4 if its text only begins like an IPv4-mapped address', () => {
    expect(keyAndAddress('::ffff:1:2')).toEqual(['0.1.0.2', '0.1.0.2'])
    expect(keyAndAddress('::ffff:1:2:3')).toEqual(['::/56', '::ffff:1:2:3'])
    expect(keyAndAddress('::ffff:1.2.3.4.5')).toEqual(['unknown', undefined])
    expect(keyAndAddress('::ffff:01.2.3.4')).toEqual(['unknown', undefined])
    expect(keyAndAddress('::ffff:::ffff:1.2.3.4')).toEqual(['unknown', undefined])
  })

  it('is the same object for the same IPv6 address in another string or place', () => {
    const first = clientOf('2001:db8::1')
    expect(clientOf(Buffer.from('2001:db8::1').toString())).toBe(first)
    expect(clientOf('::1', '2001:db8::1')).toBe(first)
    expect(clientOf('2001:db8::2')).not.toBe(first)
  })

  it('is unknown if the socket has no address, with and without a header', () => {
    expect(keyAndAddress(undefined)).toEqual(['unknown', undefined])
    expect(keyAndAddress(undefined, CLIENT)).toEqual(['unknown', undefined])
  })
})

describe('the peer of a socket', () => {
  it('is on loopback if the server listens on a Unix socket', () => {
    const unixSocket = { peer: null, path: '/run/app.sock' }
    const proxied = { ...unixSocket, headers: forwardedFor }
    expect(resolvedClient({ ...proxied, trustProxy: 'loopback' })).toBe(CLIENT)
    expect(resolvedClient({ ...proxied, trustProxy: true })).toBe(CLIENT)
    expect(resolvedClient({ ...proxied, trustProxy: 1 })).toBe(CLIENT)
    expect(resolvedClient({ ...proxied, trustProxy: 'uniquelocal' })).toBe('127.0.0.1')
    expect(resolvedClient(unixSocket)).toBe('127.0.0.1')
  })

  it.each([true, 1, 'loopback', 'adapter', ['adapter', 'loopback'], () => true])(
    'threat 31: is unknown if a TCP socket has lost its address, with trustProxy %o',
    (trustProxy) => {
      expect(resolvedClient({ peer: null, headers: forwardedFor, trustProxy })).toBe('unknown')
    },
  )

  it('is unknown if its address cannot be parsed', () => {
    expect(resolvedClient({ peer: '', headers: forwardedFor, trustProxy: true })).toBe('unknown')
  })
})

/** The key of the client of the first request that `send` sends to the server. */
async function firstClient(server: Server, send: (req: Promise<unknown>) => Promise<void>): Promise<string> {
  const trust = compileTrust('loopback')
  const resolve = createClientResolver<IncomingMessage>({
    header: 'x-forwarded-for',
    ipv6Subnet: 56,
    trustFor: () => trust,
    trustsAdapter: false,
    warnings: NO_CLIENT_WARNINGS,
  })
  const clients: string[] = []
  server.on('request', (req, res) => {
    clients.push(resolve(req).key)
    res.end()
  })
  const seen = once(server, 'request')
  await send(seen)
  await seen
  server.closeAllConnections()
  server.close()
  const [first] = clients
  if (first === undefined) throw new Error('the server handled no request')
  return first
}

describe('threat 31: a peer without an address', () => {
  const resolve = (
    socket: unknown,
    trustProxy: TrustProxyOption,
    headers: Record<string, string> = forwardedFor,
  ): string => {
    const trust = compileTrust(trustProxy)
    return createClientResolver({
      header: 'x-forwarded-for',
      ipv6Subnet: 56,
      trustFor: () => trust,
      trustsAdapter: trustsAdapter(trustProxy),
      warnings: NO_CLIENT_WARNINGS,
    })({ headers, socket: socket as PeerSocket }).key
  }
  const withoutAddress = [
    { remoteAddress: '' },
    { remoteAddress: undefined },
    { remoteAddress: null },
    {},
    undefined,
    null,
  ]

  it.each(withoutAddress)('is unknown and not trusted without adapter: %o', (socket) => {
    for (const trustProxy of [false, true, 1, 'loopback', ['10.0.0.0/8'], () => true]) {
      expect(resolve(socket, trustProxy)).toBe('unknown')
    }
  })

  it.each(withoutAddress)('is the front of an adapter with adapter: %o', (socket) => {
    for (const trustProxy of ['adapter', ['adapter'], 'adapter,10.0.0.0/8', ['10.0.0.0/8', ' adapter ']]) {
      expect(resolve(socket, trustProxy)).toBe(CLIENT)
    }
    expect(resolve(socket, 'adapter', { 'x-forwarded-for': `6.6.6.6, ${CLIENT}` })).toBe(CLIENT)
    expect(
      resolve(socket, 'adapter, 10.0.0.0/8', { 'x-forwarded-for': `6.6.6.6, ${CLIENT}, 10.0.0.9` }),
    ).toBe(CLIENT)
    expect(resolve(socket, 'adapter', { 'x-forwarded-for': 'unknown' })).toBe('unknown')
    expect(resolve(socket, 'adapter', {})).toBe('unknown')
  })

  it('adapter trusts no peer with an address', () => {
    expect(resolve({ remoteAddress: '127.0.0.1' }, 'adapter')).toBe('127.0.0.1')
  })
})

describe('with real sockets', () => {
  it('the header of a TCP client on loopback is trusted if loopback is trusted', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = await firstClient(server, async () => {
      await once(request({ port, host: '127.0.0.1', headers: forwardedFor }).end(), 'response')
    })
    expect(client).toBe(CLIENT)
  })

  it('the header of a proxy on a Unix socket is trusted if loopback is trusted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-'))
    const socketPath = join(folder, 'socket')
    const server = createServer().listen(socketPath)
    await once(server, 'listening')
    const client = await firstClient(server, async () => {
      await once(request({ socketPath, headers: forwardedFor }).end(), 'response')
    })
    await rm(folder, { recursive: true })
    expect(client).toBe(CLIENT)
  })

  it('a client that resets its connection after the request is not treated as a Unix socket', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = await firstClient(server, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      // Both in one turn of the event loop, so that the server sees the request and the reset together.
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${CLIENT}\r\n\r\n`)
      socket.resetAndDestroy()
    })
    expect(client).toBe('unknown')
  })
})

describe('a header with a single address', () => {
  const header = 'cf-connecting-ip'

  it.each([
    ['198.51.100.1', CLIENT],
    [' 198.51.100.1\t', CLIENT],
    ['::ffff:198.51.100.1', CLIENT],
    ['198.51.100.1:4711', CLIENT],
    ['[2001:db8::1]:443', '2001:db8::1'],
    // The address of a trusted proxy is the client too.
    ['10.0.0.2', '10.0.0.2'],
    // Two values, as Node joins two lines: it is not known which of them the proxy wrote.
    ['198.51.100.1, 198.51.100.1', '10.0.0.1'],
    ['198.51.100.1,', '10.0.0.1'],
    ['unknown', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('with the value %j charges %s', (value, key) => {
    expect(reportedClient(value, header)).toBe(key)
  })

  it('is one hop, even if it names a trusted proxy', () => {
    const asked: [string, number][] = []
    const trustProxy = (address: string, hop: number): boolean => asked.push([address, hop]) > 0
    resolvedClient({ peer: '10.0.0.1', headers: { [header]: '10.0.0.2' }, header, trustProxy })
    expect(asked).toEqual([
      ['10.0.0.1', 0],
      ['10.0.0.2', 1],
    ])
  })

  it('is trusted by the same rules as X-Forwarded-For', () => {
    const request = { peer: '203.0.113.7', headers: { [header]: CLIENT }, header }
    expect(resolvedClient({ ...request, trustProxy: true })).toBe('203.0.113.7')
    expect(resolvedClient({ ...request, trustProxy: 1 })).toBe('203.0.113.7')
    expect(resolvedClient({ ...request, trustProxy: '203.0.113.0/24' })).toBe(CLIENT)
  })
})

describe('CloudFront-Viewer-Address', () => {
  const header = 'cloudfront-viewer-address'

  it.each([
    ['198.51.100.1:46532', CLIENT],
    // Without brackets, and with a port: the last group is not a part of the address.
    ['2001:db8::1:46532', '2001:db8::1'],
    ['2001:db8::1:443', '2001:db8::1'],
    ['2001:db8:0:0:0:0:0:1:443', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    [' 2001:db8::1:443 ', '2001:db8::1'],
    // There is always a port. What has none is not what CloudFront writes.
    ['2001:db8::1', '10.0.0.1'],
    ['198.51.100.1', '10.0.0.1'],
    ['2001:db8::1:99999', '10.0.0.1'],
    ['2001:db8::1:443, 198.51.100.1:80', '10.0.0.1'],
  ])('%j is the client %s', (value, key) => {
    expect(reportedClient(value, header)).toBe(key)
  })

  it('is the only header in which an IPv6 address has a port without brackets', () => {
    for (const other of ['x-forwarded-for', 'cf-connecting-ip', 'true-client-ip']) {
      expect(reportedClient('2001:db8::1:46532', other)).toBe('10.0.0.1')
      expect(reportedClient('2001:db8::1:443', other)).toBe('2001:db8::1:443')
    }
  })
})

describe('if a request has several headers with addresses', () => {
  const headers = {
    'x-forwarded-for': '198.51.100.1',
    forwarded: 'for=198.51.100.2',
    'cf-connecting-ip': '198.51.100.3',
    'x-real-ip': '198.51.100.4',
    'true-client-ip': '198.51.100.5',
    x_forwarded_for: '198.51.100.6',
  }

  it.each(Object.keys(headers).filter((name) => name !== 'forwarded'))(
    'only %s is read if it is configured',
    (header) => {
      const value = headers[header as keyof typeof headers]
      expect(resolvedClient({ peer: '10.0.0.1', headers, header, trustProxy: true })).toBe(value)
    },
  )

  it('only Forwarded is read if it is configured', () => {
    expect(resolvedClient({ peer: '10.0.0.1', headers, header: 'forwarded', trustProxy: true })).toBe(
      '198.51.100.2',
    )
  })

  it.each(Object.keys(headers))('no other header replaces a missing %s', (header) => {
    const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header))
    expect(resolvedClient({ peer: '10.0.0.1', headers: others, header, trustProxy: true })).toBe('10.0.0.1')
  })

  it.each(Object.keys(headers))('no other header replaces a %s that has no address', (header) => {
    const broken = { ...headers, [header]: 'unknown' }
    expect(resolvedClient({ peer: '10.0.0.1', headers: broken, header, trustProxy: true })).toBe('10.0.0.1')
  })
})

describe('the callback for an ignored header', () => {
  function isCalled(peer: string, headers: Record<string, string>, header = 'x-forwarded-for'): boolean {
    let called = false
    resolvedClient({
      peer,
      headers,
      header,
      trustProxy: '10.0.0.1',
      onIgnoredHeader: () => {
        called = true
      },
    })
    return called
  }

  it('is called if the sender is not trusted', () => {
    expect(isCalled('203.0.113.7', forwardedFor)).toBe(true)
    expect(isCalled('203.0.113.7', { forwarded: 'for=198.51.100.1' }, 'forwarded')).toBe(true)
  })

  it('is not called for a header that is trusted, absent or broken, or that is not configured', () => {
    expect(isCalled('10.0.0.1', forwardedFor)).toBe(false)
    expect(isCalled('203.0.113.7', {})).toBe(false)
    expect(isCalled('10.0.0.1', { 'x-forwarded-for': 'unknown' })).toBe(false)
    expect(isCalled('203.0.113.7', forwardedFor, 'forwarded')).toBe(false)
  })
})
