import { describe, expect, it } from 'vitest'
import { trimBlanks } from '../../src/client/x-forwarded-for.ts'
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

  it('takes what may be a port for the last group of an IPv6 address without brackets', () => {
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
    // HTTP knows two blanks only; no-break space and vertical tab are none of them.
    ['\u00a0198.51.100.1'],
    ['\u000b198.51.100.1'],
    // Longer than any address with zone and port: not even looked at.
    [`2001:db8::1%${'a'.repeat(16_000)}`],
  ])('%j is nobody, so that the reporting proxy is charged', (entry) => {
    expect(reportedClient(entry)).toBe(PROXY)
  })
})

describe('X-Forwarded-For', () => {
  it('is read from the right, over trusted hops, to the first that is not trusted', () => {
    expect(reportedClient('6.6.6.6, 198.51.100.1, 10.0.0.3, 10.0.0.2')).toBe(CLIENT)
  })

  it('is read in the order in which Node joins several lines', () => {
    expect(reportedClient('6.6.6.6, 198.51.100.1, 10.0.0.2')).toBe(CLIENT)
    expect(reportedClient('198.51.100.1, 6.6.6.6')).toBe('6.6.6.6')
  })

  it.each([
    ['6.6.6.6, unknown, 10.0.0.2', '10.0.0.2'],
    ['6.6.6.6,, 10.0.0.2', '10.0.0.2'],
    ['6.6.6.6, 10.0.0.2,', PROXY],
    [',10.0.0.2', '10.0.0.2'],
    [',', PROXY],
  ])('ends in %j at the hop that reported what is no address', (header, key) => {
    expect(reportedClient(header)).toBe(key)
  })

  it('charges a thousand invented words to the proxy that passed them on', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => reportedClient(`word-${index}`))
    expect(new Set(keys)).toEqual(new Set([PROXY]))
  })

  it('is not looked at when the peer is not trusted', () => {
    expect(resolvedClient({ peer: '203.0.113.7', headers: { 'x-forwarded-for': '6.6.6.6' } })).toBe(
      '203.0.113.7',
    )
  })
})

/** A string that counts how often one of its characters is read. */
function countedString(text: string): { readonly text: string; readonly reads: () => number } {
  let reads = 0
  const counted = new Proxy(Object(text) as object, {
    get(target, property) {
      if (typeof property === 'string' && /^\d+$/.test(property)) reads++
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(text) : value
    },
  })
  return { text: counted as unknown as string, reads: () => reads }
}

describe('trimBlanks', () => {
  it.each([
    ['', ''],
    [' \t ', ''],
    ['a', 'a'],
    ['\ta b\t ', 'a b'],
    ['\u00a0a\r', '\u00a0a\r'],
  ])('makes %j to %j', (text, trimmed) => {
    expect(trimBlanks(text)).toBe(trimmed)
  })

  it.each([
    ['nothing else', ' '.repeat(16_000)],
    ['a letter behind them', `${' '.repeat(16_000)}a`],
    ['a letter before them', `a${'\t'.repeat(16_000)}`],
    ['letters around them', `a${' '.repeat(16_000)}a`],
  ])('reads each character of 16 kB of blanks twice at most, with %s', (_what, text) => {
    const counted = countedString(text)
    expect(trimBlanks(counted.text)).toBe(text.trim())
    expect(counted.reads()).toBeGreaterThan(0)
    expect(counted.reads()).toBeLessThanOrEqual(2 * text.length)
  })
})
