import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ipv4PeerOf, isLoopbackIPv4, isRealSocket, isUnixSocket } from '../../src/client/peer-socket.ts'
import { socketWithoutAddress } from './resolved-client.ts'

describe('the IPv4 address of a peer', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', undefined],
    ['::ffff:0:203.0.113.7', undefined],
    ['203.0.113.07', undefined],
    ['', undefined],
  ])('of %s is %s', (remoteAddress, ipv4) => {
    expect(ipv4PeerOf(remoteAddress)).toBe(ipv4)
  })
})

describe('a Unix socket', () => {
  it('is a real socket of a server whose address is a path', () => {
    expect(isUnixSocket(socketWithoutAddress('/run/app.sock'))).toBe(true)
    expect(isUnixSocket(socketWithoutAddress())).toBe(false)
    expect(isUnixSocket(new Socket())).toBe(false)
    expect(isUnixSocket(Object.assign(new Socket(), { server: null }))).toBe(false)
  })

  it.each([{}, { server: { address: () => '/run/app.sock' } }, null, undefined])(
    'threat 31: is never what an adapter made: %o',
    (socket) => {
      expect(isUnixSocket(socket)).toBe(false)
      expect(isRealSocket(socket)).toBe(false)
    },
  )
})

describe('a loopback IPv4 address', () => {
  it('is in 127.0.0.0/8', () => {
    expect(['127.0.0.1', '127.255.255.255'].every(isLoopbackIPv4)).toBe(true)
    expect(['128.0.0.1', '127.1', '127.0.0.1.example', '::1', ''].some(isLoopbackIPv4)).toBe(false)
  })
})
