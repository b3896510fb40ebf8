import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addressText } from '../../src/client/address.ts'
import { createClientResolver } from '../../src/client/client-resolver.ts'
import { compileTrust } from '../../src/client/trusted-proxies.ts'
import { reportedClient, resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'
const forwardedFor = { 'x-forwarded-for': CLIENT }

describe('the client', () => {
  const resolve = createClientResolver({
    header: 'x-forwarded-for',
    ipv6Subnet: 56,
    trustFor: () => () => true,
    onIgnoredHeader: () => undefined,
  })
  const clientOf = (remoteAddress: string | undefined, header?: string): ReturnType<typeof resolve> =>
    resolve({
      headers: header === undefined ? {} : { 'x-forwarded-for': header },
      socket: { remoteAddress, destroyed: remoteAddress === undefined },
    })

  /** The key of a client, and its address as it reads. */
  const told = (...args: Parameters<typeof clientOf>): unknown[] => {
    const { key, address } = clientOf(...args)
    return [key, address === undefined ? undefined : addressText(address)]
  }

  it('has an address, as canonical as it gets, and the key of its network', () => {
    expect(told('203.0.113.7')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(told('::ffff:203.0.113.7')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(told('::FFFF:cb00:7107')).toEqual(['203.0.113.7', '203.0.113.7'])
    expect(told('::1', '2001:DB8:1:2:3:4:5:6')).toEqual(['2001:db8:1::/56', '2001:db8:1:2:3:4:5:6'])
    expect(told('::1', '::ffff:198.51.100.1')).toEqual([CLIENT, CLIENT])
  })

  it('of a text that only begins like a mapped address is not taken for one', () => {
    expect(told('::ffff:1:2')).toEqual(['0.1.0.2', '0.1.0.2'])
    expect(told('::ffff:1:2:3')).toEqual(['::/56', '::ffff:1:2:3'])
    expect(told('::ffff:1.2.3.4.5')).toEqual(['unknown', undefined])
    expect(told('::ffff:01.2.3.4')).toEqual(['unknown', undefined])
    expect(told('::ffff:::ffff:1.2.3.4')).toEqual(['unknown', undefined])
  })

  it('is the same object for an IPv6 address that comes again, in whatever text', () => {
    const first = clientOf('2001:db8::1')
    expect(clientOf(Buffer.from('2001:db8::1').toString())).toBe(first)
    expect(clientOf('::1', '2001:db8::1')).toBe(first)
    expect(clientOf('2001:db8::2')).not.toBe(first)
  })

  it('is unknown where nobody knows, whatever a header says', () => {
    expect(told(undefined)).toEqual(['unknown', undefined])
    expect(told(undefined, CLIENT)).toEqual(['unknown', undefined])
  })
})

describe('the peer', () => {
  it('is unknown once its socket is destroyed', () => {
    const gone = { peer: null, destroyed: true, headers: forwardedFor }
    expect(resolvedClient({ ...gone, trustProxy: true })).toBe('unknown')
    expect(resolvedClient({ ...gone, trustProxy: 'loopback' })).toBe('unknown')
    expect(resolvedClient({ ...gone, trustProxy: () => true })).toBe('unknown')
  })

  it('is on loopback when it comes over a Unix socket', () => {
    expect(resolvedClient({ peer: null, headers: forwardedFor, trustProxy: 'loopback' })).toBe(CLIENT)
    expect(resolvedClient({ peer: null, headers: forwardedFor, trustProxy: true })).toBe(CLIENT)
    expect(resolvedClient({ peer: null, headers: forwardedFor, trustProxy: 1 })).toBe(CLIENT)
    expect(resolvedClient({ peer: null, headers: forwardedFor, trustProxy: 'uniquelocal' })).toBe('127.0.0.1')
    expect(resolvedClient({ peer: null })).toBe('127.0.0.1')
  })

  it('is unknown when a TCP socket that still lives has lost its address', () => {
    const reset = { peer: null, localAddress: '203.0.113.80', headers: forwardedFor }
    expect(resolvedClient({ ...reset, trustProxy: true })).toBe('unknown')
    expect(resolvedClient({ ...reset, trustProxy: () => true })).toBe('unknown')
  })

  it('is unknown when its address is none', () => {
    expect(resolvedClient({ peer: '', headers: forwardedFor, trustProxy: true })).toBe('unknown')
  })
})

/** Starts a server and gives the client of the first request that `send` makes it see. */
async function firstClient(server: Server, send: (req: Promise<unknown>) => Promise<void>): Promise<string> {
  const trust = compileTrust('loopback')
  const resolve = createClientResolver<IncomingMessage>({
    header: 'x-forwarded-for',
    ipv6Subnet: 56,
    trustFor: () => trust,
    onIgnoredHeader: () => undefined,
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
  if (first === undefined) throw new Error('the request was never handled')
  return first
}

describe('on real sockets', () => {
  it('a client over TCP on loopback is believed where loopback is trusted', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = await firstClient(server, async () => {
      await once(request({ port, host: '127.0.0.1', headers: forwardedFor }).end(), 'response')
    })
    expect(client).toBe(CLIENT)
  })

  it('a proxy over a Unix socket is believed where loopback is trusted', async () => {
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

  it('a client that resets its connection behind the request is no Unix socket', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = await firstClient(server, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      // Both in one turn of the loop: the server finds the request and the reset at once.
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
    // A trusted proxy's own address is still the last word.
    ['10.0.0.2', '10.0.0.2'],
    // Two values, as Node joins two lines: nobody knows which of them the proxy wrote.
    ['198.51.100.1, 198.51.100.1', '10.0.0.1'],
    ['198.51.100.1,', '10.0.0.1'],
    ['unknown', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('of %j charges %s', (value, key) => {
    expect(reportedClient(value, header)).toBe(key)
  })

  it('is one hop, even where it names a trusted proxy', () => {
    const asked: [string, number][] = []
    const trustProxy = (address: string, hop: number): boolean => asked.push([address, hop]) > 0
    resolvedClient({ peer: '10.0.0.1', headers: { [header]: '10.0.0.2' }, header, trustProxy })
    expect(asked).toEqual([
      ['10.0.0.1', 0],
      ['10.0.0.2', 1],
    ])
  })

  it('is believed on the terms of X-Forwarded-For', () => {
    const request = { peer: '203.0.113.7', headers: { [header]: CLIENT }, header }
    expect(resolvedClient({ ...request, trustProxy: true })).toBe('203.0.113.7')
    expect(resolvedClient({ ...request, trustProxy: 1 })).toBe('203.0.113.7')
    expect(resolvedClient({ ...request, trustProxy: '203.0.113.0/24' })).toBe(CLIENT)
  })
})

describe('of several headers', () => {
  const headers = {
    'x-forwarded-for': '198.51.100.1',
    forwarded: 'for=198.51.100.2',
    'cf-connecting-ip': '198.51.100.3',
    'x-real-ip': '198.51.100.4',
    'true-client-ip': '198.51.100.5',
    x_forwarded_for: '198.51.100.6',
  }

  it.each(Object.keys(headers).filter((name) => name !== 'forwarded'))(
    'only %s is read when it is the one',
    (header) => {
      const value = headers[header as keyof typeof headers]
      expect(resolvedClient({ peer: '10.0.0.1', headers, header, trustProxy: true })).toBe(value)
    },
  )

  it('only Forwarded is read when it is the one', () => {
    expect(resolvedClient({ peer: '10.0.0.1', headers, header: 'forwarded', trustProxy: true })).toBe(
      '198.51.100.2',
    )
  })

  it.each(Object.keys(headers))('none stands in for a missing %s', (header) => {
    const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header))
    expect(resolvedClient({ peer: '10.0.0.1', headers: others, header, trustProxy: true })).toBe('10.0.0.1')
  })

  it.each(Object.keys(headers))('none stands in for a %s that names nobody', (header) => {
    const broken = { ...headers, [header]: 'unknown' }
    expect(resolvedClient({ peer: '10.0.0.1', headers: broken, header, trustProxy: true })).toBe('10.0.0.1')
  })
})

describe('a header that is ignored', () => {
  function isTold(peer: string, headers: Record<string, string>, header = 'x-forwarded-for'): boolean {
    let told = false
    resolvedClient({
      peer,
      headers,
      header,
      trustProxy: '10.0.0.1',
      onIgnoredHeader: () => {
        told = true
      },
    })
    return told
  }

  it('is told of when its sender is not trusted', () => {
    expect(isTold('203.0.113.7', forwardedFor)).toBe(true)
    expect(isTold('203.0.113.7', { forwarded: 'for=198.51.100.1' }, 'forwarded')).toBe(true)
  })

  it('is not told of when it is believed, absent, broken, or another one', () => {
    expect(isTold('10.0.0.1', forwardedFor)).toBe(false)
    expect(isTold('203.0.113.7', {})).toBe(false)
    expect(isTold('10.0.0.1', { 'x-forwarded-for': 'unknown' })).toBe(false)
    expect(isTold('203.0.113.7', forwardedFor, 'forwarded')).toBe(false)
  })
})
