import { describe, expect, it } from 'vitest'
import { createLineParser } from '../../../../src/tools/cli/log/line-parser.ts'
import { combinedLine } from '../log-lines.ts'

const parse = createLineParser('auto', undefined)

describe('a line of the combined format', () => {
  it('is read', () => {
    expect(parse(combinedLine())).toEqual({
      address: '198.51.100.7',
      forwarded: undefined,
      timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
      method: 'GET',
      target: '/a?b=c',
      status: 200,
    })
  })

  it.each([
    ['an IPv6 client', { address: '2001:db8::1' }, { address: '2001:db8::1' }],
    ['a client on a Unix socket', { address: 'unix:' }, { address: '127.0.0.1' }],
    ['a user with spaces', { user: 'Ada Lovelace' }, { target: '/a?b=c' }],
    ['a user with a bracket', { user: 'x [y] [z' }, { target: '/a?b=c' }],
    ['no size', { end: '304 - "-" "-"' }, { status: 304 }],
    ['escaped quotes', { end: '200 1 "\\"x\\"" "say \\"hi\\" \\\\"' }, { status: 200 }],
    ['an empty user agent', { end: '200 1 "" ""' }, { status: 200 }],
    ['the common format', { end: '200 1' }, { status: 200, forwarded: undefined }],
    ['a time of the request at the end', { end: '200 1 "-" "-" 0.003' }, { forwarded: undefined }],
    ['X-Forwarded-For', { end: '200 1 "-" "-" "192.0.2.1, 10.0.0.1"' }, { forwarded: '192.0.2.1, 10.0.0.1' }],
    ['no X-Forwarded-For', { end: '200 1 "-" "-" "-" 0.1' }, { forwarded: undefined }],
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
  ])('is read with %s', (_what, parts, expected) => {
    expect(parse(combinedLine(parts))).toMatchObject(expected)
  })

  it.each([
    ['', 'the line is empty'],
    ['   ', 'the line is empty'],
    ['hello', 'no client address at column 1'],
    ['198.51.100.7 - - nothing else', 'no time in brackets at column 14'],
    ['198.51.100.7 - - [17/May/2015:10:05:03 +0000] GET /', 'no quoted request at column 47'],
    [combinedLine({ end: 'OK 1 "-" "-"' }), 'no status and size at column 68'],
    [combinedLine({ end: '200 x "-" "-"' }), 'no status and size at column 68'],
    [combinedLine({ end: '200 1 "-' }), 'no quoted referrer at column 75'],
    [combinedLine({ end: '200 1 "-" "Mozilla' }), 'no quoted user agent at column 79'],
    [combinedLine({ address: 'host.example' }), "the client 'host.example' is no IP address"],
    [combinedLine({ address: '198.51.100.256' }), "the client '198.51.100.256' is no IP address"],
    [combinedLine({ time: 'yesterday' }), "the time 'yesterday' is not like 17/May/2015:10:05:03 +0000"],
    [combinedLine({ request: '-' }), "the request '-' is not method, path and version"],
    [
      combinedLine({ request: 'GET /a b HTTP/1.1' }),
      "the request 'GET /a b HTTP/1.1' is not method, path and version",
    ],
    [combinedLine({ request: '\\x16\\x03' }), "the request '\\x16\\x03' is not method, path and version"],
    [combinedLine({ request: 'BREW / HTTP/1.1' }), "nobody knows the method 'BREW'"],
    [combinedLine({ request: 'get / HTTP/1.1' }), "nobody knows the method 'get'"],
    [combinedLine({ request: 'CONNECT a:443 HTTP/1.1' }), 'CONNECT asks for a tunnel, not for a path'],
    [combinedLine({ request: 'GET a HTTP/1.1' }), "the path 'a' cannot be sent"],
    [combinedLine({ request: 'GET /\x7f HTTP/1.1' }), "the path '/?' cannot be sent"],
  ])('%j: %s', (line, unreadable) => {
    expect(parse(line)).toEqual({ unreadable })
  })

  it('never shows more than a piece of a long part', () => {
    const parsed = parse(combinedLine({ address: 'x'.repeat(500) }))
    expect(parsed).toEqual({ unreadable: `the client '${'x'.repeat(57)}...' is no IP address` })
  })

  it('is read in linear time when it is made to be slow', () => {
    // Quadratic, a megabyte would take many minutes, and the test would never end.
    const lines = [
      combinedLine({ request: '\\'.repeat(1_000_000) }),
      `1.2.3.4 b ${'c '.repeat(500_000)}`,
      `1.2.3.4 b ${' ['.repeat(500_000)}`,
      `${combinedLine({ end: '' })}${' '.repeat(1_000_000)}x`,
    ]
    for (const line of lines) expect(parse(line)).toEqual({ unreadable: expect.any(String) })
  })

  it('needs referrer and user agent where the format is said to be combined', () => {
    const strict = createLineParser('combined', undefined)
    expect(strict(combinedLine({ end: '200 1' }))).toEqual({ unreadable: 'no quoted referrer at column 74' })
    expect(strict(combinedLine())).toMatchObject({ status: 200 })
  })
})

describe('a line of JSON', () => {
  const line = (fields: object): string =>
    JSON.stringify({ remote_addr: '192.0.2.9', time_iso8601: '2015-05-17T12:05:03+02:00', ...fields })

  it.each([
    [
      { request: 'GET /x HTTP/1.1', status: '404' },
      { method: 'GET', target: '/x', status: 404 },
    ],
    [
      { request_method: 'PUT', request_uri: '/y?z', status: 200 },
      { method: 'PUT', target: '/y?z', status: 200 },
    ],
    [{ request: 'GET / HTTP/1.1', msec: '1431857103.123' }, { timeMs: 1431857103123 }],
    [{ request: 'GET / HTTP/1.1', msec: 1431857103.123 }, { timeMs: 1431857103123 }],
    [
      { request: 'GET / HTTP/1.1', time_iso8601: undefined, time_local: '17/May/2015:12:05:03 +0200' },
      { timeMs: Date.UTC(2015, 4, 17, 10, 5, 3) },
    ],
    [{ request: 'GET / HTTP/1.1', http_x_forwarded_for: '192.0.2.1' }, { forwarded: '192.0.2.1' }],
    [
      { request: 'GET / HTTP/1.1', http_x_forwarded_for: '-' },
      { forwarded: undefined, status: undefined },
    ],
  ])('is read from %j', (fields, expected) => {
    expect(parse(line(fields))).toMatchObject({
      address: '192.0.2.9',
      timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
      ...expected,
    })
  })

  it('is read with X-Forwarded-For under another name', () => {
    const parseNamed = createLineParser('json', 'xff')
    const fields = { request: 'GET / HTTP/1.1', xff: '192.0.2.1', http_x_forwarded_for: '192.0.2.2' }
    expect(parseNamed(line(fields))).toMatchObject({ forwarded: '192.0.2.1' })
  })

  it.each([
    ['{"remote_addr"', 'the line is no JSON object'],
    [line({ remote_addr: 'proxy' }), "the remote_addr 'proxy' is no IP address"],
    [line({ remote_addr: undefined }), "the remote_addr 'undefined' is no IP address"],
    [line({ time_iso8601: '2015-05-17 12:05' }), 'no time in time_iso8601, time_local or msec'],
    [line({}), 'no request, and no request_method with request_uri'],
    [line({ request: '' }), "the request '' is not method, path and version"],
  ])('%s: %s', (text, unreadable) => {
    expect(parse(text)).toEqual({ unreadable })
  })

  it('must be JSON where the format is said to be', () => {
    expect(createLineParser('json', undefined)(combinedLine())).toEqual({
      unreadable: 'the line is no JSON object',
    })
  })
})
