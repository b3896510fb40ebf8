import { describe, expect, it } from 'vitest'
import { type AccessRequest, isFromThisMachine } from '../../../src/tools/dashboard/access.ts'

type Socket = AccessRequest['socket']

const asks = (socket: Socket, headers: AccessRequest['headers'] = { host: 'localhost' }): boolean =>
  isFromThisMachine({ socket, headers })

const LOCAL: Socket = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' }

describe('the default rule', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('lets in %s', (remoteAddress) => {
    expect(asks({ remoteAddress, localAddress: '127.0.0.1' })).toBe(true)
  })

  it.each(['203.0.113.7', '::ffff:10.0.0.1', '::', '64:ff9b::7f00:1', '127.0.0.1.example', ''])(
    'keeps out %s',
    (remoteAddress) => {
      expect(asks({ remoteAddress, localAddress: '127.0.0.1' })).toBe(false)
    },
  )

  it('lets in a Unix socket, and no TCP socket that has lost its address', () => {
    expect(asks({})).toBe(true)
    expect(asks({ destroyed: true })).toBe(false)
    expect(asks({ localAddress: '127.0.0.1' })).toBe(false)
  })

  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:8080'])(
    'takes the host %s',
    (host) => {
      expect(asks(LOCAL, { host })).toBe(true)
    },
  )

  it.each([
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '[::2]',
    '10.0.0.1',
  ])('refuses the host %s, which a stranger can point at this machine', (host) => {
    expect(asks(LOCAL, { host })).toBe(false)
  })

  it.each(['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'])(
    'refuses what a proxy has marked by %s',
    (name) => {
      expect(asks(LOCAL, { host: 'localhost', [name]: '127.0.0.1' })).toBe(false)
      expect(asks({ remoteAddress: '203.0.113.7' }, { host: 'localhost', [name]: '127.0.0.1' })).toBe(false)
    },
  )
})
