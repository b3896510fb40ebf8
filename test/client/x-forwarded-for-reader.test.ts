import { describe, expect, it } from 'vitest'
import { reportedClient, resolvedClient } from './resolved-client.ts'

const PROXY = '10.0.0.1'
const CLIENT = '198.51.100.1'

describe('an entry of X-Forwarded-For', () => {
  it.each([
    ['198.51.100.1'],
    ['198.51.100.1:80'],
    ['198.51.100.1:0'],
    ['198.51.100.1:65535'],
    ['::ffff:198.51.100.1'],
    ['[::ffff:198.51.100.1]'],
    ['[::ffff:c633:6401]:443'],
    ['64:ff9b::198.51.100.1'],
    [' 198.51.100.1'],
    ['\t 198.51.100.1 \t'],
    [' 198.51.100.1:80 '],
  ])('%j is the IPv4 client', (entry) => {
    expect(reportedClient(entry)).toBe(CLIENT)
  })

  it.each([
    ['2001:db8::1'],
    ['[2001:db8::1]'],
    ['[2001:db8::1]:443'],
    ['[2001:DB8:0:0::1]:1'],
    ['2001:db8::1%eth0'],
    ['[2001:db8::1%eth0]:443'],
    ['\t[2001:db8::1] '],
  ])('%j is the IPv6 client', (entry) => {
    expect(reportedClient(entry)).toBe('2001:db8::1')
  })

  it('without brackets has no port: the last group belongs to the IPv6 address', () => {
    expect(reportedClient('2001:db8::1:443')).toBe('2001:db8::1:443')
  })

  it.each([
    [''],
    [' '],
    ['unknown'],
    ['198.51.100.1:'],
    ['198.51.100.1:http'],
    ['198.51.100.1:123456'],
    ['198.51.100.1:80:80'],
    ['198.51.100.1 6.6.6.6'],
    ['198.51.100.1;6.6.6.6'],
    ['[198.51.100.1]'],
    ['[198.51.100.1]:80'],
    ['[2001:db8::1'],
    ['2001:db8::1]'],
    ['[[2001:db8::1]]'],
    ['[2001:db8::1]443'],
    ['[2001:db8::1]:'],
    ['[]'],
    ['198.51.100.0/24'],
    ['"198.51.100.1"'],
    // HTTP has two blanks. A no-break space and a vertical tab are not blanks.
    ['\u00a0198.51.100.1'],
    ['\u000b198.51.100.1'],
    // Longer than any address with a zone and a port, so it is not parsed.
    [`2001:db8::1%${'a'.repeat(16_000)}`],
  ])('%j is not an address, so the reporting proxy is charged', (entry) => {
    expect(reportedClient(entry)).toBe(PROXY)
  })
})

describe('an X-Forwarded-For header', () => {
  it('is read from the right, past the trusted hops, to the first hop that is not trusted', () => {
    expect(reportedClient('6.6.6.6, 198.51.100.1, 10.0.0.3, 10.0.0.2')).toBe(CLIENT)
  })

  it('is read in the order in which Node joins several lines', () => {
    expect(reportedClient('6.6.6.6, 198.51.100.1, 10.0.0.2')).toBe(CLIENT)
    expect(reportedClient('198.51.100.1, 6.6.6.6')).toBe('6.6.6.6')
  })

  it.each([['6.6.6.6, unknown, 10.0.0.2', '10.0.0.2']])(
    'names with %j the hop that reported an entry that is not an address',
    (header, key) => {
      expect(reportedClient(header)).toBe(key)
    },
  )

  // RFC 9110, 5.6.1.
  it.each([
    [',198.51.100.1', CLIENT],
    ['198.51.100.1,, 10.0.0.2', CLIENT],
    ['198.51.100.1, ,\t,10.0.0.2', CLIENT],
    [',10.0.0.2', '10.0.0.2'],
    ['6.6.6.6, unknown,, 10.0.0.2', '10.0.0.2'],
  ])('has leading and inner empty elements, which are ignored: %j names %s', (header, key) => {
    expect(reportedClient(header)).toBe(key)
  })

  it.each([[','], [' , '], ['6.6.6.6, 10.0.0.2,'], ['6.6.6.6, '], ['6.6.6.6,,']])(
    'is not read if its right-most element is empty: the proxy has named nobody in %j',
    (header) => {
      expect(reportedClient(header)).toBe(PROXY)
    },
  )

  it('is read for 64 elements, the empty ones included', () => {
    expect(reportedClient(`198.51.100.1${','.repeat(63)}10.0.0.2`)).toBe(CLIENT)
    expect(reportedClient(`198.51.100.1${','.repeat(64)}10.0.0.2`)).toBe('10.0.0.2')
  })

  it('charges a thousand invented words to the proxy that forwarded them', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => reportedClient(`word-${index}`))
    expect(new Set(keys)).toEqual(new Set([PROXY]))
  })

  it('is ignored if the peer is not trusted', () => {
    expect(resolvedClient({ peer: '203.0.113.7', headers: { 'x-forwarded-for': '6.6.6.6' } })).toBe(
      '203.0.113.7',
    )
  })
})
