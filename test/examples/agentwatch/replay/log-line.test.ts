import { describe, expect, it } from 'vitest'
import { parseLogLine, parseLogTime } from '../../../../examples/agentwatch/replay/log-line.ts'

const lineOf = ({
  address = '198.51.100.7',
  user = '-',
  time = '17/May/2015:10:05:03 +0000',
  request = 'GET /a?b=c HTTP/1.1',
  end = '200 1234 "http://example.com/" "Mozilla/5.0 (X11)"',
}: Partial<Record<'address' | 'user' | 'time' | 'request' | 'end', string>> = {}): string =>
  `${address} - ${user} [${time}] "${request}" ${end}`

describe('parseLogLine', () => {
  it('reads the combined format', () => {
    expect(parseLogLine(lineOf())).toEqual({
      address: '198.51.100.7',
      timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
      method: 'GET',
      target: '/a?b=c',
      status: 200,
    })
  })

  it.each([
    ['an IPv6 client', { address: '2001:db8::1' }, { address: '2001:db8::1' }],
    ['a user with spaces', { user: 'Ada Lovelace' }, { target: '/a?b=c' }],
    ['no size', { end: '304 - "-" "-"' }, { status: 304 }],
    ['escaped quotes', { end: '200 1 "\\"x\\"" "say \\"hi\\" \\\\"' }, { status: 200 }],
    ['an empty user agent', { end: '200 1 "" ""' }, { status: 200 }],
    ['a line end of Windows', { end: '200 1 "-" "-"\r' }, { status: 200 }],
    ['a request of HTTP/0.9', { request: 'GET /old' }, { method: 'GET', target: '/old' }],
    ['HTTP/2', { request: 'POST /x HTTP/2' }, { method: 'POST', target: '/x' }],
    [
      'a URL as proxies get it',
      { request: 'GET http://a.example/ HTTP/1.1' },
      { target: 'http://a.example/' },
    ],
    ['the asterisk of OPTIONS', { request: 'OPTIONS * HTTP/1.1' }, { method: 'OPTIONS', target: '*' }],
    ['bytes above ASCII', { request: 'GET /\xe4\xf6 HTTP/1.1' }, { target: '/\xe4\xf6' }],
  ])('reads %s', (_what, parts, expected) => {
    expect(parseLogLine(lineOf(parts))).toMatchObject(expected)
  })

  it.each([
    ['', 'the line is empty'],
    ['   ', 'the line is empty'],
    ['hello', 'no client address at column 1'],
    ['198.51.100.7 - - nothing else', 'no user at column 16'],
    ['198.51.100.7 - - [17/May/2015:10:05:03 +0000', 'no time in brackets at column 18'],
    ['198.51.100.7 - - [17/May/2015:10:05:03 +0000] GET /', 'no quoted request at column 47'],
    [lineOf({ end: 'OK 1 "-" "-"' }), 'no status at column 69'],
    [lineOf({ end: '200 x "-" "-"' }), 'no size at column 73'],
    [lineOf({ end: '200 1 - "-"' }), 'no quoted referrer at column 75'],
    [lineOf({ end: '200 1 "-" "Mozilla' }), 'no quoted user agent at column 79'],
    [lineOf({ end: '200 1 "-" "-" more' }), 'no quoted user agent at column 79'],
    [lineOf({ address: 'host.example' }), "the client 'host.example' is no IP address"],
    [lineOf({ address: '198.51.100.256' }), "the client '198.51.100.256' is no IP address"],
    [lineOf({ time: 'yesterday' }), "the time 'yesterday' is not like 17/May/2015:10:05:03 +0000"],
    [lineOf({ request: '-' }), "the request '-' is not method, path and version"],
    [
      lineOf({ request: 'GET /a b HTTP/1.1' }),
      "the request 'GET /a b HTTP/1.1' is not method, path and version",
    ],
    [lineOf({ request: '\\x16\\x03\\x01' }), "the request '\\x16\\x03\\x01' is not method, path and version"],
    [lineOf({ request: 'BREW / HTTP/1.1' }), "nobody knows the method 'BREW'"],
    [lineOf({ request: 'get / HTTP/1.1' }), "nobody knows the method 'get'"],
    [lineOf({ request: 'CONNECT a:443 HTTP/1.1' }), 'CONNECT asks for a tunnel, not for a path'],
    [lineOf({ request: 'GET a HTTP/1.1' }), "the path 'a' cannot be sent"],
    [lineOf({ request: 'GET /\x7f HTTP/1.1' }), "the path '/?' cannot be sent"],
  ])('%j: %s', (line, malformed) => {
    expect(parseLogLine(line)).toEqual({ malformed })
  })

  it('never shows more than a piece of a long part', () => {
    const parsed = parseLogLine(lineOf({ address: 'x'.repeat(500) }))
    expect(parsed).toEqual({ malformed: `the client '${'x'.repeat(57)}...' is no IP address` })
  })

  it('reads lines that are made to be slow in linear time', () => {
    // Quadratic, a megabyte would take many minutes, and the test would never end.
    const lines = [
      lineOf({ request: '\\'.repeat(1_000_000) }),
      `a b ${'c '.repeat(500_000)}`,
      `a b ${'['.repeat(1_000_000)}`,
    ]
    for (const line of lines) expect(parseLogLine(line)).toEqual({ malformed: expect.any(String) })
  })
})

describe('parseLogTime', () => {
  it.each([
    ['01/Jan/1970:00:00:00 +0000', 0],
    ['01/Jan/1970:02:00:00 +0200', 0],
    ['31/Dec/1969:18:30:00 -0530', 0],
    ['29/Feb/2016:23:59:59 +0000', Date.UTC(2016, 1, 29, 23, 59, 59)],
  ])('%s', (text, expected) => {
    expect(parseLogTime(text)).toBe(expected)
  })

  it.each([
    '',
    '29/Feb/2015:00:00:00 +0000',
    '31/Apr/2015:00:00:00 +0000',
    '17/Mai/2015:00:00:00 +0000',
    '17/May/2015:25:00:00 +0000',
    '17/May/2015:10:61:00 +0000',
    '17/May/2015:10:05:03',
    '2015-05-17T10:05:03Z',
  ])('%j is no time', (text) => {
    expect(parseLogTime(text)).toBeUndefined()
  })
})
