import { describe, expect, it } from 'vitest'
import { mayBeCrossSite } from '../../../src/tools/dashboard/cross-site.ts'

const HOST = 'ops.example:8080'
const BROWSER = { host: HOST, 'user-agent': 'Mozilla/5.0 (X11)' }

describe('a request that a page of another origin may have caused (threat 40)', () => {
  it.each(['cross-site', 'same-site', '', 'same-origin, cross-site', 'Same-Origin'])(
    'has Sec-Fetch-Site "%s", whatever else it says',
    (site) => {
      const headers = { ...BROWSER, 'sec-fetch-site': site, 'x-tollgate-page': '1' }
      expect(mayBeCrossSite({ ...headers, origin: `http://${HOST}` })).toBe(true)
    },
  )

  it.each(['http://evil.example', 'null', '', 'http://ops.example', 'https://ops.example:8080.evil.example'])(
    'has the origin "%s"',
    (origin) => {
      expect(mayBeCrossSite({ host: HOST, origin })).toBe(true)
      expect(mayBeCrossSite({ host: HOST, referer: `${origin}/page` })).toBe(true)
      expect(mayBeCrossSite({ ...BROWSER, 'x-tollgate-page': '1', origin })).toBe(true)
    },
  )

  it('names a browser, and has neither Sec-Fetch-Site nor the header of the page', () => {
    expect(mayBeCrossSite(BROWSER)).toBe(true)
    expect(mayBeCrossSite({ ...BROWSER, accept: 'text/event-stream' })).toBe(true)
  })
})

describe('a request of the page itself', () => {
  it.each(['same-origin', 'none'])(
    'has Sec-Fetch-Site "%s", behind a proxy that changes Host too',
    (site) => {
      const headers = { ...BROWSER, host: '127.0.0.1:3000', 'sec-fetch-site': site }
      expect(mayBeCrossSite(headers)).toBe(false)
      expect(mayBeCrossSite({ ...headers, referer: 'https://ops.example/limits/' })).toBe(false)
    },
  )

  it('has the header of the page where the browser sends no Sec-Fetch-Site', () => {
    expect(mayBeCrossSite({ ...BROWSER, 'x-tollgate-page': '1' })).toBe(false)
  })

  it('may have an origin that is the host', () => {
    expect(mayBeCrossSite({ host: HOST, origin: `http://${HOST}` })).toBe(false)
    expect(mayBeCrossSite({ host: HOST.toUpperCase(), origin: `https://${HOST}` })).toBe(false)
    for (const [origin, host] of [
      ['https://ops.example', 'ops.example'],
      ['https://ops.example', 'ops.example:443'],
      ['http://ops.example', 'ops.example:80'],
    ] as const)
      expect(mayBeCrossSite({ host, origin })).toBe(false)
  })
})

describe('a request of a program that is no browser', () => {
  it('needs none of these headers', () => {
    expect(mayBeCrossSite({})).toBe(false)
    expect(mayBeCrossSite({ host: HOST, 'user-agent': 'curl/8.16.0' })).toBe(false)
  })
})
