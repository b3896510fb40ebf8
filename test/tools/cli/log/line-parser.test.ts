import { describe, expect, it } from 'vitest'
import { parseAlbLine } from '../../../../src/tools/cli/log/alb-line.ts'
import { parseCombinedLine, parseVhostLine } from '../../../../src/tools/cli/log/combined-line.ts'
import { parseHaproxyLine } from '../../../../src/tools/cli/log/haproxy-line.ts'
import { MAX_LINE_LENGTH } from '../../../../src/tools/cli/log/line-blocks.ts'
import { createLineParser } from '../../../../src/tools/cli/log/line-parser.ts'
import { LogTimeParser } from '../../../../src/tools/cli/log/log-time.ts'
import { TextPool } from '../../../../src/tools/cli/log/text-pool.ts'
import { combinedLine } from '../log-lines.ts'

const parse = createLineParser('auto', undefined)

describe('a line in the combined format', () => {
  it('is parsed', () => {
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
    ['the duration of the request at the end', { end: '200 1 "-" "-" 0.003' }, { forwarded: undefined }],
    ['X-Forwarded-For', { end: '200 1 "-" "-" "192.0.2.1, 10.0.0.1"' }, { forwarded: '192.0.2.1, 10.0.0.1' }],
    ['no X-Forwarded-For', { end: '200 1 "-" "-" "-" 0.1' }, { forwarded: undefined }],
    ['a Windows line end', { end: '200 1 "-" "-"\r' }, { status: 200 }],
    ['an HTTP/0.9 request', { request: 'GET /old' }, { method: 'GET', target: '/old' }],
    ['HTTP/2', { request: 'POST /x HTTP/2' }, { method: 'POST', target: '/x' }],
    [
      'a URL as proxies get it',
      { request: 'GET http://a.example/ HTTP/1.1' },
      { target: 'http://a.example/' },
    ],
    ['the asterisk of OPTIONS', { request: 'OPTIONS * HTTP/1.1' }, { method: 'OPTIONS', target: '*' }],
    ['bytes above ASCII', { request: 'GET /\xe4\xf6 HTTP/1.1' }, { target: '/\xe4\xf6' }],
  ])('is parsed with %s', (_part, parts, expected) => {
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
    [combinedLine({ address: 'host.example' }), "the client 'host.example' is not an IP address"],
    [combinedLine({ address: '198.51.100.256' }), "the client '198.51.100.256' is not an IP address"],
    [combinedLine({ time: 'yesterday' }), "the time 'yesterday' is not like 17/May/2015:10:05:03 +0000"],
  ])('%j is unreadable: %s', (line, unreadable) => {
    expect(parse(line)).toEqual({ unreadable })
  })

  it.each([
    [combinedLine({ request: '-' }), "the request '-' is not method, path and version"],
    [
      combinedLine({ request: 'GET /a b HTTP/1.1' }),
      "the request 'GET /a b HTTP/1.1' is not method, path and version",
    ],
    [combinedLine({ request: '\\x16\\x03' }), "the request '\\x16\\x03' is not method, path and version"],
    [combinedLine({ request: 'BREW / HTTP/1.1' }), "the method 'BREW' is unknown"],
    [combinedLine({ request: 'get / HTTP/1.1' }), "the method 'get' is unknown"],
    [combinedLine({ request: 'CONNECT a:443 HTTP/1.1' }), 'CONNECT asks for a tunnel, not for a path'],
    [combinedLine({ request: 'GET a HTTP/1.1' }), "the path 'a' is invalid"],
    [combinedLine({ request: 'GET /\x7f HTTP/1.1' }), "the path '/?' is invalid"],
  ])('%j is in a known format, but holds no request that an app would see: %s', (line, unreadable) => {
    expect(parse(line)).toEqual({ unreadable, inKnownFormat: true })
  })

  it('is unreadable with a reason that shows only the beginning of a long part', () => {
    const parsed = parse(combinedLine({ address: 'x'.repeat(500) }))
    expect(parsed).toEqual({ unreadable: `the client '${'x'.repeat(57)}...' is not an IP address` })
  })

  it('needs referrer and user agent if the format is set to combined', () => {
    const parseCombined = createLineParser('combined', undefined)
    expect(parseCombined(combinedLine({ end: '200 1' }))).toEqual({
      unreadable: 'no quoted referrer at column 74',
    })
    expect(parseCombined(combinedLine())).toMatchObject({ status: 200 })
  })
})

describe('a JSON line', () => {
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
  ])('is parsed with the fields %j', (fields, expected) => {
    expect(parse(line(fields))).toMatchObject({
      address: '192.0.2.9',
      timeMs: Date.UTC(2015, 4, 17, 10, 5, 3),
      ...expected,
    })
  })

  it('is parsed with X-Forwarded-For in a field with another name', () => {
    const parseNamed = createLineParser('json', 'xff')
    const fields = { request: 'GET / HTTP/1.1', xff: '192.0.2.1', http_x_forwarded_for: '192.0.2.2' }
    expect(parseNamed(line(fields))).toMatchObject({ forwarded: '192.0.2.1' })
  })

  it.each([
    ['{"remote_addr"', 'the line is not a JSON object'],
    [line({ remote_addr: 'proxy' }), "the remote_addr 'proxy' is not an IP address"],
    [line({ remote_addr: undefined }), 'no remote_addr'],
    [line({ time_iso8601: '2015-05-17 12:05' }), 'no time in time_iso8601, time_local or msec'],
    [line({}), 'no request, and no request_method with request_uri'],
  ])('%s is unreadable: %s', (text, unreadable) => {
    expect(parse(text)).toEqual({ unreadable })
  })

  it('is in a known format, even if it holds no request that an app would see', () => {
    expect(parse(line({ request: '' }))).toEqual({
      unreadable: "the request '' is not method, path and version",
      inKnownFormat: true,
    })
  })

  it('must be a JSON object if the format is set to json', () => {
    expect(createLineParser('json', undefined)(combinedLine())).toEqual({
      unreadable: 'the line is not a JSON object',
    })
  })
})

describe('any line', () => {
  it.each([
    ['combined', combinedLine()],
    ['json', '{"remote_addr":"192.0.2.9","msec":1431857103.5,"request":"GET / HTTP/1.1"}'],
  ])('is parsed after a byte order mark, in the format %s', (_format, line) => {
    const expected = parse(line)
    expect(expected).not.toHaveProperty('unreadable')
    expect(parse(`\xef\xbb\xbf${line}`)).toEqual(expected)
  })

  it('is called too long if it was cut', () => {
    const line = combinedLine({ end: '200 1 "-" "' })
    expect(parse(line + 'x'.repeat(MAX_LINE_LENGTH))).toEqual({
      unreadable: 'the line is longer than 65536 characters',
    })
    expect(parse(line + 'x'.repeat(MAX_LINE_LENGTH - line.length))).toEqual({
      unreadable: 'no quoted user agent at column 79',
    })
  })

  it('is parsed in linear time, even if it is written to be slow to parse', () => {
    // In quadratic time a megabyte would take many minutes, and the test would reach its time limit.
    const state = { times: new LogTimeParser(), texts: new TextPool(), forwardedField: '1' }
    const repeated = (text: string): string => text.repeat(Math.ceil(1_000_000 / text.length))
    const [alb, haproxy] = ['h2 2018-07-02T22:23:00Z ', 'x [06/Feb/2009:12:14:14.655] ']
    const combined = [
      combinedLine({ request: repeated('\\') }),
      `1.2.3.4 b ${repeated('c ')}`,
      `1.2.3.4 b ${repeated(' [')}`,
      `${combinedLine({ end: '' })}${repeated(' ')}x`,
    ]
    const other = ['x', '/', 'x ', '/ ', ':', '[', '{', '|', '\\"', '"', ' "', '" ', alb, haproxy].map(
      repeated,
    )
    for (const line of combined) expect(parseCombinedLine(line, state, false)).toHaveProperty('unreadable')
    for (const line of other) {
      expect(parseAlbLine(alb + line, state)).toHaveProperty('unreadable')
      expect(parseHaproxyLine(`unix:1 [06/Feb/2009:12:14:14.655] ${line}`, state)).toHaveProperty(
        'unreadable',
      )
      expect(parseHaproxyLine(line, state)).toHaveProperty('unreadable')
      expect(parseVhostLine(line, state)).toHaveProperty('unreadable')
    }
  })
})
