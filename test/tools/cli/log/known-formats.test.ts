import { describe, expect, it } from 'vitest'
import { createLineParser, LOG_FORMATS, type LogFormat } from '../../../../src/tools/cli/log/line-parser.ts'
import type { ParsedLine } from '../../../../src/tools/cli/log/log-entry.ts'

/** Parses the lines of a log, of which the last is a request. */
function parseLast(
  lines: string,
  format: LogFormat = 'auto',
  forwardedField?: string,
): ParsedLine | undefined {
  const parse = createLineParser(format, forwardedField)
  return lines
    .split('\n')
    .map((line) => parse(line))
    .pop()
}

/** Lines in the shapes that the vendors document. Addresses, hosts and paths are those of examples. */
const VHOST =
  'www.example.com:443 198.51.100.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'

const CADDY = JSON.stringify({
  level: 'info',
  ts: 1646861401.5241024,
  logger: 'http.log.access',
  msg: 'handled request',
  request: {
    remote_ip: '10.0.0.9',
    remote_port: '41342',
    client_ip: '198.51.100.7',
    proto: 'HTTP/2.0',
    method: 'GET',
    host: 'localhost',
    uri: '/a?b=c',
    headers: { 'User-Agent': ['curl/7.82.0'], 'X-Forwarded-For': ['203.0.113.1', '198.51.100.7'] },
    tls: { resumed: false, version: 772, cipher_suite: 4865, proto: 'h2', server_name: 'example.com' },
  },
  bytes_read: 0,
  user_id: '',
  duration: 0.000929675,
  size: 10900,
  status: 200,
  resp_headers: { Server: ['Caddy'] },
})

const TRAEFIK = JSON.stringify({
  ClientAddr: '10.0.0.9:51234',
  ClientHost: '203.0.113.1, 198.51.100.7',
  ClientPort: '51234',
  ClientUsername: '-',
  DownstreamContentSize: 19,
  DownstreamStatus: 404,
  Duration: 74893,
  RequestAddr: 'app.example.com',
  RequestHost: 'app.example.com',
  RequestMethod: 'POST',
  RequestPath: '/a?b=c',
  RequestPort: '-',
  RequestProtocol: 'HTTP/1.1',
  RequestScheme: 'https',
  RouterName: 'app@docker',
  StartLocal: '2024-03-05T12:34:56.789012345+01:00',
  StartUTC: '2024-03-05T11:34:56.789012345Z',
  entryPointName: 'websecure',
  level: 'info',
  msg: '',
  time: '2024-03-05T11:34:57Z',
})

const ALB =
  'https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 198.51.100.7:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/a?b=c HTTP/1.1" "curl/7.46.0 \\"x\\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90'

const CLOUDFRONT_FIELDS =
  '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end'
const CLOUDFRONT_LINE = [
  ...['2019-12-04', '21:02:31', 'LAX1-C1', '392', '10.0.0.9', 'GET', 'd111111abcdef8.cloudfront.net', '/a'],
  ...[
    '200',
    '-',
    'Mozilla/5.0%20(Windows%20NT%2010.0)',
    'b=c',
    '-',
    'Hit',
    'SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC',
  ],
  ...['d111111abcdef8.cloudfront.net', 'https', '23', '0.001', '203.0.113.1,%20198.51.100.7', 'TLSv1.2'],
  ...['ECDHE-RSA-AES128-GCM-SHA256', 'Hit', 'HTTP/2.0', '-', '-', '11040', '0.001', 'Hit', 'text/html', '78'],
  ...['-', '-'],
].join('\t')
const CLOUDFRONT = `#Version: 1.0\n${CLOUDFRONT_FIELDS}\n${CLOUDFRONT_LINE}`

const IIS = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Version: 1.0',
  '#Date: 2023-09-21 02:59:24',
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken X-Forwarded-For',
  '2023-09-21 02:59:24 10.0.0.4 GET /a b=c 443 - 10.0.0.9 Mozilla/5.0+(Windows+NT+10.0) - 301 0 0 123 203.0.113.1,+198.51.100.7',
].join('\n')

const HAPROXY =
  'Feb  6 12:14:14 localhost haproxy[14389]: 10.0.0.9:33317 [06/Feb/2009:12:14:14.655] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example.com|203.0.113.1, 198.51.100.7} {nginx} "GET /a?b=c HTTP/1.1"'

const GOOGLE_CLOUD = JSON.stringify({
  httpRequest: {
    latency: '0.058927s',
    remoteIp: '198.51.100.7',
    requestMethod: 'GET',
    requestSize: '257',
    requestUrl: 'https://www.example.com/a?b=c',
    responseSize: '1467',
    serverIp: '10.0.0.4',
    status: 302,
    userAgent: 'Mozilla/5.0',
  },
  insertId: '1vzs264g1u90hp5',
  jsonPayload: { '@type': 'type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry' },
  logName: 'projects/example/logs/requests',
  receiveTimestamp: '2024-03-05T11:34:58.123456789Z',
  resource: { type: 'http_load_balancer', labels: { project_id: 'example' } },
  severity: 'INFO',
  timestamp: '2024-03-05T11:34:56.789012Z',
})

const FORWARDED = '203.0.113.1, 198.51.100.7'

describe('a log in a format that is recognised by itself', () => {
  it.each<[LogFormat, string, string, string, number, string | undefined, string?]>([
    ['vhost_combined', VHOST, '198.51.100.7', '2000-10-10T20:55:36.000Z', 200, undefined],
    ['caddy', CADDY, '10.0.0.9', '2022-03-09T21:30:01.524Z', 200, FORWARDED],
    ['traefik', TRAEFIK, '10.0.0.9', '2024-03-05T11:34:56.789Z', 404, FORWARDED],
    ['alb', ALB, '198.51.100.7', '2018-07-02T22:22:48.364Z', 200, undefined],
    ['cloudfront', CLOUDFRONT, '10.0.0.9', '2019-12-04T21:02:31.000Z', 200, FORWARDED],
    ['iis', IIS, '10.0.0.9', '2023-09-21T02:59:24.000Z', 301, FORWARDED],
    ['haproxy', HAPROXY, '10.0.0.9', '2009-02-06T12:14:14.655Z', 200, FORWARDED, '2'],
    ['google-cloud', GOOGLE_CLOUD, '198.51.100.7', '2024-03-05T11:34:56.789Z', 302, undefined],
  ])('is parsed: %s', (format, lines, address, time, status, forwarded, forwardedField) => {
    const expected = {
      address,
      forwarded,
      timeMs: Date.parse(time),
      method: format === 'traefik' ? 'POST' : 'GET',
      target: format === 'vhost_combined' ? '/apache_pb.gif?a=1' : '/a?b=c',
      status,
    }
    expect(parseLast(lines, 'auto', forwardedField)).toEqual(expected)
    expect(parseLast(lines, format, forwardedField)).toEqual(expected)
  })

  it('can change its format from line to line', () => {
    const parse = createLineParser('auto', undefined)
    const lines = [
      ALB,
      CADDY,
      HAPROXY,
      VHOST,
      TRAEFIK,
      GOOGLE_CLOUD,
      ...CLOUDFRONT.split('\n'),
      ...IIS.split('\n'),
    ]
    const parsed = lines.map(parse)
    expect(parsed.filter((entry) => entry === undefined)).toHaveLength(6)
    for (const entry of parsed) if (entry !== undefined) expect(entry).not.toHaveProperty('unreadable')
  })

  it('is not mistaken for another format if the format is set', () => {
    const samples: Partial<Record<LogFormat, string>> = { alb: ALB, caddy: CADDY, haproxy: HAPROXY, iis: IIS }
    for (const format of LOG_FORMATS.filter((name) => name !== 'auto' && name !== 'json')) {
      for (const [other, lines] of Object.entries(samples)) {
        const isW3c = format === 'cloudfront' && other === 'iis'
        if (other === format || isW3c) continue
        expect(parseLast(lines, format), `${other} as ${format}`).toHaveProperty('unreadable')
      }
    }
  })
})

describe('the vhost_combined format', () => {
  it.each([
    ['a virtual host without a port', VHOST.replace(':443', '')],
    ['a virtual host that is an address', VHOST.replace('www.example.com', '192.0.2.1')],
    ['an IPv6 client', VHOST.replace('198.51.100.7', '2001:db8::7')],
  ])('is parsed with %s', (_part, line) => {
    expect(parseLast(line)).toMatchObject({ target: '/apache_pb.gif?a=1', status: 200 })
  })

  it('is unreadable without a client address', () => {
    expect(parseLast('www.example.com:443 - - [', 'vhost_combined')).toEqual({
      unreadable: "the client '-' is not an IP address",
    })
    expect(parseLast('www.example.com:443', 'vhost_combined')).toEqual({
      unreadable: 'no virtual host at column 1',
    })
  })
})

describe('the log of an AWS load balancer', () => {
  it.each([
    ['an IPv6 client', ALB.replace('198.51.100.7:', '[2001:db8::7]:'), { address: '2001:db8::7' }],
    [
      'an IPv6 client without brackets',
      ALB.replace('198.51.100.7:', '2001:db8::7:'),
      { address: '2001:db8::7' },
    ],
    ['a WebSocket', ALB.replace('https', 'wss'), { target: '/a?b=c' }],
    ['no response', ALB.replace(' 200 200 ', ' - - '), { status: undefined }],
    ['no path in the URL', ALB.replace('/a?b=c', ''), { target: '/' }],
    [
      'the fields of an old log only, by the time of the response',
      ALB.slice(0, ALB.indexOf(' "Root=')),
      { timeMs: Date.parse('2018-07-02T22:23:00.186Z') },
    ],
    [
      'a trace that holds a time in quotes',
      ALB.replace('Root=1', '\\" 1 2030-01-01T00:00:00Z \\"'),
      { timeMs: Date.parse('2018-07-02T22:22:48.364Z') },
    ],
  ])('is parsed with %s', (_part, line, expected) => {
    expect(parseLast(line)).toMatchObject(expected)
  })

  it.each([
    [
      ALB.replace('GET https://www.example.com:443/a?b=c HTTP/1.1', '- http://www.example.com:80- - '),
      "the request '- http://www.example.com:80- - ' is not method, path and version",
      true,
    ],
    [ALB.replace('198.51.100.7:2817', '-'), "the client '-' is not an IP address"],
    [ALB.slice(0, 130), 'no type, time, client, target, durations, statuses and sizes at column 1'],
    [ALB.slice(0, 150), 'no quoted request at column 133'],
  ])('is unreadable: %#', (line, unreadable, inKnownFormat = undefined) => {
    expect(parseLast(line)).toEqual({ unreadable, inKnownFormat })
  })
})

describe('a log with a line #Fields', () => {
  it('is parsed as the log of CloudFront without that line', () => {
    expect(parseLast(CLOUDFRONT_LINE)).toEqual(parseLast(CLOUDFRONT))
    expect(parseLast(CLOUDFRONT_LINE, 'cloudfront')).toEqual(parseLast(CLOUDFRONT))
  })

  it.each([
    ['no query', IIS.replace(' b=c ', ' - '), { target: '/a' }],
    ['no X-Forwarded-For', IIS.replace(/\S+$/, '-'), { forwarded: undefined }],
    [
      'a whole URL',
      '#Fields: date time c-ip cs-method cs-uri\n2023-09-21 02:59:24 192.0.2.1 PUT http://a.example/x?y',
      { target: '/x?y', status: undefined },
    ],
    ['names in another case', IIS.replace('c-ip', 'C-IP'), { address: '10.0.0.9' }],
    [
      'other fields from a line on',
      `${IIS}\n#Fields: time date c-ip cs-method cs-uri-stem\n02:59:24 2023-09-21 192.0.2.1 PUT /x`,
      { address: '192.0.2.1', target: '/x', status: undefined },
    ],
    [
      'brackets in X-Forwarded-For',
      CLOUDFRONT.replace('203.0.113.1,', '%5B2001:db8::1%5D,'),
      { forwarded: '[2001:db8::1], 198.51.100.7' },
    ],
    ['no response', CLOUDFRONT.replace('\t200\t', '\t000\t'), { status: undefined }],
  ])('is parsed with %s', (_part, lines, expected) => {
    expect(parseLast(lines)).toMatchObject(expected)
  })

  it('is parsed with X-Forwarded-For in a field with another name', () => {
    const lines = IIS.replace('X-Forwarded-For', 'cs(X-Real-Client)')
    expect(parseLast(lines)).toMatchObject({ forwarded: undefined })
    expect(parseLast(lines, 'iis', 'cs(X-Real-Client)')).toMatchObject({ forwarded: FORWARDED })
  })

  it.each([
    [IIS.replace(' c-ip ', ' x-ip '), 'the line #Fields has no c-ip'],
    [IIS.replace('date time', 'day time'), 'the line #Fields has no date'],
    [IIS.replace(' 10.0.0.9 ', ' host '), "the c-ip 'host' is not an IP address"],
    [`${IIS}\n2023-09-21 02:59`, 'no c-ip'],
    [IIS.replace('02:59:24 10', '99:59:24 10'), "the time '2023-09-21T99:59:24Z' is not a date and a time"],
    [IIS.replace(' GET ', ' BREW '), "the method 'BREW' is unknown", true],
  ])('is unreadable: %#', (lines, unreadable, inKnownFormat = undefined) => {
    expect(parseLast(lines)).toEqual({ unreadable, inKnownFormat })
  })

  it('needs that line in the format iis', () => {
    expect(parseLast(IIS.split('\n').pop() ?? '', 'iis')).toEqual({ unreadable: 'no line #Fields before it' })
  })
})

describe("HAProxy's HTTP log", () => {
  it.each([
    ['nothing before the client', HAPROXY.slice(HAPROXY.indexOf('10.0.0.9')), { address: '10.0.0.9' }],
    ['an address before the client', HAPROXY.replace(/^.*localhost/, '192.0.2.1'), { address: '10.0.0.9' }],
    ['an IPv6 client', HAPROXY.replace('10.0.0.9', '2001:db8::7'), { address: '2001:db8::7' }],
    ['a client on a Unix socket', HAPROXY.replace('10.0.0.9:33317', 'unix:1'), { address: '127.0.0.1' }],
    ['no captured headers', HAPROXY.replace(/\{.*\} /, ''), { target: '/a?b=c' }],
    ['a whole URL, as for HTTP/2', HAPROXY.replace('/a', 'https://www.example.com/a'), { target: '/a?b=c' }],
    [
      'fields of TLS after the request',
      `${HAPROXY} 0/000000000/0/0/0 www.example.com/TLSv1.3/X`,
      { target: '/a?b=c' },
    ],
    ['a request that syslog cut', HAPROXY.slice(0, -10), { target: '/a?b=c' }],
    ['no response', HAPROXY.replace(' 200 2750 ', ' -1 0 '), { status: undefined }],
    ['a size that was logged before the end', HAPROXY.replace(' 2750 ', ' +2750 '), { status: 200 }],
  ])('is parsed with %s', (_part, line, expected) => {
    expect(parseLast(line)).toMatchObject(expected)
  })

  it('has X-Forwarded-For only if the captured header is named by its number', () => {
    expect(parseLast(HAPROXY)).toMatchObject({ forwarded: undefined })
    expect(parseLast(HAPROXY, 'haproxy', 'X-Forwarded-For')).toMatchObject({ forwarded: undefined })
    expect(parseLast(HAPROXY, 'haproxy', '3')).toMatchObject({ forwarded: undefined })
  })

  it.each([
    [HAPROXY.replace(/"GET.*/, '"<BADREQ>"'), "the request '<BADREQ>' is not method, path and version", true],
    [HAPROXY.replace('10.0.0.9', 'host'), "the client 'host:33317' is not an IP address"],
    [HAPROXY.replace('06/Feb', '31/Feb'), "the time '31/Feb/2009:12:14:14' does not exist"],
    [HAPROXY.slice(0, HAPROXY.indexOf(' {')), 'no quoted request at column 130'],
    // The TCP log has no status and no request.
    [HAPROXY.replace(' 200 2750 - - ', ' 2750 '), 'no status and size at column 85'],
  ])('is unreadable: %#', (line, unreadable, inKnownFormat = undefined) => {
    expect(parseLast(line)).toEqual({ unreadable, inKnownFormat })
  })
})
