import { describe, expect, it } from 'vitest'
import { readForwarded } from '../../src/client/forwarded-reader.ts'
import { reportedClient } from './resolved-client.ts'

const PROXY = '10.0.0.1'
const CLIENT = '198.51.100.1'

/** The client that a trusted proxy reports in a Forwarded header (RFC 7239). */
const forwardedClient = (value: string): string => reportedClient(value, 'forwarded')

describe('an element of Forwarded', () => {
  it.each([
    ['for=198.51.100.1'],
    ['FOR=198.51.100.1'],
    ['fOr="198.51.100.1"'],
    ['for="198.51.100.1:4711"'],
    ['for="[::ffff:198.51.100.1]"'],
    // Any character may be escaped in a quoted string (RFC 9110, 5.6.4).
    ['for="198.51\\.100.\\1"'],
    // An obfuscated port (RFC 7239, 6.3).
    ['for="198.51.100.1:_port"'],
    ['for="198.51.100.1:_a.b-c_D9"'],
    ['for=198.51.100.1;proto=https;by=203.0.113.43'],
    ['by=203.0.113.43;for=198.51.100.1'],
    ['proto=https; for=198.51.100.1 ;host=example.com'],
    // Commas and semicolons in quotes separate nothing.
    ['by="a,b";for=198.51.100.1'],
    ['by="a;for=6.6.6.6";for=198.51.100.1'],
    ['by="a\\",for=6.6.6.6";for=198.51.100.1'],
    ['by="a\\\\";for=198.51.100.1'],
    ['by="a,b\\"c";for=198.51.100.1'],
    // The part between two semicolons may be empty (RFC 7239, 4).
    ['for=198.51.100.1;'],
    [';;for=198.51.100.1; ;proto=http'],
    ['\tfor=198.51.100.1 '],
  ])('%s names the client', (element) => {
    expect(forwardedClient(element)).toBe(CLIENT)
  })

  it.each([
    ['for="[2001:db8:cafe::17]"'],
    ['For="[2001:DB8:CAFE::17]:4711"'],
    ['for="[2001:db8:cafe::17]:_port"'],
    ['for="2001:db8:cafe::17"'],
  ])('%s names the IPv6 client', (element) => {
    expect(forwardedClient(element)).toBe('2001:db8:cafe::17')
  })

  it.each([
    [''],
    ['for'],
    ['for='],
    ['for=""'],
    ['for=unknown'],
    ['for="unknown"'],
    ['for=_hidden'],
    ['for=_SEVKISEK'],
    ['for="_gazonk:4711"'],
    ['for="198.51.100.1:_"'],
    ['for="198.51.100.1:port"'],
    ['for="198.51.100.1:_a b"'],
    ['for="2001:db8::1:_port"'],
    ['for=198.51.100.1:_port'],
    ['proto=https;by=198.51.100.1'],
    // It is not known which of two clients in one element is right.
    ['for=198.51.100.1;for=6.6.6.6'],
    ['for=6.6.6.6;FOR=198.51.100.1'],
    // A colon needs quotes: neither a port nor an IPv6 address is a token.
    ['for=198.51.100.1:4711'],
    ['for=[2001:db8::1]'],
    ['for=2001:db8::1'],
    ['for =198.51.100.1'],
    ['for= 198.51.100.1'],
    ['for=198.51.100.1 proto=https'],
    ['198.51.100.1'],
    ['x-for=198.51.100.1'],
    // Quotes that do not match.
    ['for="198.51.100.1'],
    ['for=198.51.100.1"'],
    ['for="198.51.100.1""'],
    ['for="198.51.100.1"x'],
    ['for="198.51.100.1\\"'],
    ['by=";for=198.51.100.1'],
  ])('%s names no client, so the reporting proxy is charged', (element) => {
    expect(forwardedClient(element)).toBe(PROXY)
  })
})

describe('a Forwarded header', () => {
  it('is read from the right, past the trusted hops', () => {
    expect(
      forwardedClient('for=6.6.6.6, for=198.51.100.1;proto=https, for=10.0.0.3, for="10.0.0.2:80"'),
    ).toBe(CLIENT)
  })

  it('names the hop that reported a hidden client', () => {
    expect(forwardedClient('for=198.51.100.1, for=_hidden, for=10.0.0.2')).toBe('10.0.0.2')
  })

  it.each([
    ['for=198.51.100.1,, for=10.0.0.2', CLIENT],
    [',for=198.51.100.1', CLIENT],
    ['for=6.6.6.6, for=198.51.100.1,', PROXY],
    ['for=6.6.6.6, ', PROXY],
  ])('has empty elements in it: %j names %s', (header, key) => {
    expect(forwardedClient(header)).toBe(key)
  })

  it.each([
    // The client sends the part before the last comma, and the proxy appends `for=198.51.100.1`.
    ['for="6.6.6.6, for=198.51.100.1'],
    ['", for=198.51.100.1'],
    ['for="6.6.6.6\\, for=198.51.100.1'],
    ['for="a, for="6.6.6.6, for=198.51.100.1'],
    ['\\, for=198.51.100.1'],
    ['for=6.6.6.6;by=", for=198.51.100.1;by="_p"'],
    ['for=6.6.6.6;by="\\", for="198.51.100.1"'],
  ])('is read correctly although the client opened a quote: %s', (header) => {
    expect(forwardedClient(header)).toBe(CLIENT)
  })

  it.each([
    ['for=6.6.6.6;by=", for=10.0.0.2'],
    ['for=6.6.6.6, for="x, for=10.0.0.2'],
    ['for="6.6.6.6, for=198.51.100.1", for=10.0.0.2'],
  ])('is not read further left than such a quote: %s', (header) => {
    expect(forwardedClient(header)).toBe('10.0.0.2')
  })

  it.each([
    ['escaped quotes', '\\"'],
    ['quotes', '"'],
    ['quotes and semicolons', '";'],
    ['empty parts', '; '],
    ['backslashes', '\\\\'],
    ['opened strings', 'for="'],
  ])('is read in linear time if it consists of %s', (_what, piece) => {
    // A reader in quadratic time would take many minutes for a megabyte, and the test would time out.
    const header = `${piece.repeat(Math.ceil(1_048_576 / piece.length))}"`
    expect(readForwarded(header)()).toBeUndefined()
  })
})
