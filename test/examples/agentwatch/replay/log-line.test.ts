import { describe, expect, it } from 'vitest'
import { parseLogLine } from '../../../../examples/agentwatch/replay/log-line.ts'

const START = '198.51.100.7 - - [17/May/2015:10:05:03 +0000]'
const END = '200 1234 "-" "curl/7.38.0"'
const TIME_MS = Date.UTC(2015, 4, 17, 10, 5, 3)

describe('parseLogLine', () => {
  it('reads a line of the combined format', () => {
    expect(parseLogLine(`${START} "GET /docs/a%20b.html?x=1 HTTP/1.1" ${END}`)).toEqual({
      address: '198.51.100.7',
      timeMs: TIME_MS,
      method: 'GET',
      target: '/docs/a%20b.html?x=1',
    })
  })

  it.each([
    ['the common format', `${START} "GET / HTTP/1.1" 200 1234`],
    ['a line without a size', `${START} "GET / HTTP/1.1" 304 -`],
    ['further parts', `${START} "GET / HTTP/1.1" ${END} "203.0.113.9" 0.003`],
    ['escaped quotes and backslashes', `${START} "GET / HTTP/1.1" 200 1 "-" "say \\"hi\\" \\\\"`],
    ['a user with spaces and brackets', '198.51.100.7 - a [b] c [17/May/2015:10:05:03 +0000] "GET /" 200 1'],
    ['another time zone', '198.51.100.7 - - [17/May/2015:07:35:03 -0230] "GET / HTTP/1.1" 200 1'],
    ['a zone before UTC', '198.51.100.7 - - [17/May/2015:12:05:03 +0200] "GET / HTTP/1.1" 200 1'],
  ])('reads %s', (_what, line) => {
    expect(parseLogLine(line)).toEqual({
      address: '198.51.100.7',
      timeMs: TIME_MS,
      method: 'GET',
      target: '/',
    })
  })

  it('reads a leap second, and a client of a Unix socket', () => {
    expect(parseLogLine('unix: - - [30/Jun/2015:23:59:60 +0000] "GET / HTTP/1.1" 200 1')).toMatchObject({
      address: '127.0.0.1',
      timeMs: Date.UTC(2015, 6, 1),
    })
  })

  it.each([
    ['', 'the line is empty'],
    ['  ', 'the line is empty'],
    ['hello', 'no client address at column 1'],
    [' - -', 'no client address at column 1'],
    ['host.example - -', "the client 'host.example' is not an IP address"],
    ['198.51.100.7 - -', 'no time in brackets at column 14'],
    ['198.51.100.7 - - [now] "GET /"', "the time 'now' is not like 17/May/2015:10:05:03 +0000"],
    [
      '198.51.100.7 - - [31/Apr/2015:10:05:03 +0000] "GET /"',
      "the time '31/Apr/2015:10:05:03 +0000' is not like 17/May/2015:10:05:03 +0000",
    ],
    [
      '198.51.100.7 - - [17/Mai/2015:10:05:03 +0000] "GET /"',
      "the time '17/Mai/2015:10:05:03 +0000' is not like 17/May/2015:10:05:03 +0000",
    ],
    [START, 'no quoted request at column 47'],
    [`${START} "GET / HTTP/1.1`, 'no quoted request at column 47'],
    [`${START} "GET / HTTP/1.1"`, 'no status and size at column 63'],
    [`${START} "GET / HTTP/1.1" 200 1 "-`, 'no quoted referrer at column 70'],
    [`${START} "GET / HTTP/1.1" 200 1 "-" "curl`, 'no quoted user agent at column 74'],
    [`${START} "-" ${END}`, "the request '-' is not method, path and version"],
    [`${START} "\\x16\\x03\xe4" ${END}`, "the request '\\x16\\x03?' is not method, path and version"],
    [`${START} "BREW /pot HTTP/1.1" ${END}`, "the method 'BREW' is unknown"],
    [`${START} "CONNECT example.org:443 HTTP/1.1" ${END}`, 'CONNECT requests a tunnel, not a path'],
    [`${START} "GET path HTTP/1.1" ${END}`, "the path 'path' is invalid"],
  ])('gives the reason why a line is unreadable: %s', (line, unreadable) => {
    expect(parseLogLine(line)).toEqual({ unreadable })
  })
})
