import { describe, expect, it } from 'vitest'
import { createLineParser } from '../../../../../src/tools/cli/log/line-parser.ts'

const parse = createLineParser('auto', undefined)
const parseNamed = createLineParser('auto', 'X-Client')

describe("Caddy's JSON", () => {
  const request = { remote_ip: '192.0.2.9', method: 'GET', uri: '/a' }
  const line = (fields: object): string =>
    JSON.stringify({ ts: 1646861401.5, request, status: 200, ...fields })

  it.each([
    [
      'the address of an old version',
      { request: { ...request, remote_ip: undefined, remote_addr: '192.0.2.8:1234' } },
      { address: '192.0.2.8' },
    ],
    ['an IPv6 address', { request: { ...request, remote_ip: '2001:db8::1' } }, { address: '2001:db8::1' }],
    ['a time in milliseconds', { ts: 1646861401524.1 }, { timeMs: 1646861401524 }],
    ['a time in nanoseconds', { ts: 1646861401524000000 }, { timeMs: 1646861401524 }],
    ['a time in ISO 8601', { ts: '2022-03-09T21:30:01.524Z' }, { timeMs: 1646861401524 }],
    ['the time format iso8601', { ts: '2022-03-09T22:30:01.524+0100' }, { timeMs: 1646861401524 }],
    ['no headers', {}, { forwarded: undefined }],
    ['no X-Forwarded-For', { request: { ...request, headers: {} } }, { forwarded: undefined }],
    ['no response', { status: 0 }, { status: undefined }],
  ])('is parsed with %s', (_part, fields, expected) => {
    expect(parse(line(fields))).toMatchObject(expected)
  })

  it('is parsed with the clients in a header with another name', () => {
    const headers = { 'X-Client': ['192.0.2.1'], 'X-Forwarded-For': ['192.0.2.2'] }
    expect(parseNamed(line({ request: { ...request, headers } }))).toMatchObject({ forwarded: '192.0.2.1' })
  })

  it.each([
    [{ request: null }, 'no request'],
    [{ request: {} }, 'no request.remote_ip'],
    [{ request: { ...request, remote_ip: 'x' } }, "the request.remote_ip 'x' is not an IP address"],
    [{ ts: '2022/03/09 21:30:01' }, 'the ts is not in seconds, milliseconds or ISO 8601'],
    [{ ts: undefined }, 'the ts is not in seconds, milliseconds or ISO 8601'],
    [{ request: { ...request, uri: undefined } }, 'no request.method with request.uri'],
  ])('is unreadable with the fields %j', (fields, unreadable) => {
    expect(parse(line(fields))).toEqual({ unreadable })
  })
})

describe("Traefik's JSON", () => {
  const line = (fields: object): string =>
    JSON.stringify({
      ClientAddr: '192.0.2.9:1234',
      ClientHost: '192.0.2.9',
      RequestMethod: 'GET',
      RequestPath: '/a',
      StartUTC: '2024-03-05T11:34:56.789012345Z',
      ...fields,
    })

  it.each([
    [
      'an IPv6 address',
      { ClientAddr: '[2001:db8::1]:80', ClientHost: '2001:db8::1' },
      { address: '2001:db8::1', forwarded: undefined },
    ],
    ['no X-Forwarded-For', {}, { forwarded: undefined }],
    ['the header as it was logged', { 'request_X-Forwarded-For': '192.0.2.1' }, { forwarded: '192.0.2.1' }],
    [
      'local time only',
      { StartUTC: undefined, StartLocal: '2024-03-05T12:34:56+01:00' },
      { timeMs: Date.UTC(2024, 2, 5, 11, 34, 56) },
    ],
    [
      'the time of the line only',
      { StartUTC: undefined, time: '2024-03-05T11:34:56Z' },
      { timeMs: Date.UTC(2024, 2, 5, 11, 34, 56) },
    ],
  ])('is parsed with %s', (_part, fields, expected) => {
    expect(parse(line(fields))).toMatchObject(expected)
  })

  it('is parsed with the clients in a field with another name', () => {
    expect(parseNamed(line({ 'X-Client': '192.0.2.1' }))).toMatchObject({ forwarded: '192.0.2.1' })
  })

  it.each([
    [{ ClientAddr: undefined }, 'no ClientAddr'],
    [{ ClientAddr: 'x' }, "the ClientAddr 'x' is not an IP address"],
    [{ StartUTC: undefined }, 'no time in StartUTC, StartLocal or time'],
    [{ RequestPath: undefined }, 'no RequestMethod with RequestPath'],
  ])('is unreadable with the fields %j', (fields, unreadable) => {
    expect(parse(line(fields))).toEqual({ unreadable })
  })
})

describe("Google Cloud's JSON", () => {
  const httpRequest = { remoteIp: '192.0.2.9', requestMethod: 'GET', requestUrl: '/a' }
  const line = (fields: object, others: object = {}): string =>
    JSON.stringify({
      timestamp: '2024-03-05T11:34:56Z',
      httpRequest: { ...httpRequest, ...fields },
      ...others,
    })

  it.each([
    ['a port', { remoteIp: '10.0.0.1:80' }, { address: '10.0.0.1' }],
    ['an IPv6 address', { remoteIp: 'FE80::0202:B3FF:FE1E:8329' }, { address: 'FE80::0202:B3FF:FE1E:8329' }],
    ['an IPv6 address and a port', { remoteIp: '[2001:db8::1]:80' }, { address: '2001:db8::1' }],
    ['a path without a host', {}, { target: '/a', status: undefined, forwarded: undefined }],
    ['a URL without a path', { requestUrl: 'https://example.com?x' }, { target: '/?x' }],
  ])('is parsed with %s', (_part, fields, expected) => {
    expect(parse(line(fields))).toMatchObject(expected)
  })

  it.each([
    [line({ remoteIp: undefined }), 'no httpRequest.remoteIp'],
    [line({ requestUrl: undefined }), 'no httpRequest.requestMethod with httpRequest.requestUrl'],
    [line({}, { timestamp: 'now' }), 'no time in timestamp'],
    [line({}, { httpRequest: 'GET /' }), 'no httpRequest'],
  ])('is unreadable: %s', (text, unreadable) => {
    expect(parse(text)).toEqual({ unreadable })
  })
})
