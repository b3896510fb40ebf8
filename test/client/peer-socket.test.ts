import { describe, expect, it } from 'vitest'
import { ipv4PeerOf, isLoopbackIPv4, isLoopbackPeer, isUnixSocket } from '../../src/client/peer-socket.ts'

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
  it('has no address at either end and is not destroyed', () => {
    expect(isUnixSocket({})).toBe(true)
    expect(isUnixSocket({ destroyed: false })).toBe(true)
    expect(isUnixSocket({ destroyed: true })).toBe(false)
    expect(isUnixSocket({ localAddress: '127.0.0.1' })).toBe(false)
    expect(isUnixSocket({ remoteAddress: '127.0.0.1' })).toBe(false)
  })
})

describe('a loopback peer', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('has the address %s', (remoteAddress) => {
    expect(isLoopbackPeer({ remoteAddress, localAddress: '127.0.0.1' })).toBe(true)
  })

  it.each(['203.0.113.7', '::ffff:10.0.0.1', '::', '127.0.0.1.example', ''])(
    'does not have the address "%s"',
    (remoteAddress) => {
      expect(isLoopbackPeer({ remoteAddress, localAddress: '127.0.0.1' })).toBe(false)
    },
  )

  it('may be connected by a Unix socket, and not by a TCP socket that has lost its address', () => {
    expect(isLoopbackPeer({})).toBe(true)
    expect(isLoopbackPeer({ destroyed: true })).toBe(false)
    expect(isLoopbackPeer({ localAddress: '127.0.0.1' })).toBe(false)
  })
})

describe('a loopback IPv4 address', () => {
  it('is in 127.0.0.0/8', () => {
    expect(['127.0.0.1', '127.255.255.255'].every(isLoopbackIPv4)).toBe(true)
    expect(['128.0.0.1', '127.1', '127.0.0.1.example', '::1', ''].some(isLoopbackIPv4)).toBe(false)
  })
})
