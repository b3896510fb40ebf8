import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { requestFrom } from '../../support/http/explained-request.ts'

const page = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8')

const CLIENT = '203.0.113.7'
const FORGED = '198.51.100.99'
const CDN = '192.0.2.80'
const BALANCER = '192.0.2.33'
const RANGES = '192.0.2.0/24'

interface Platform {
  readonly platform: string
  readonly setting: RateLimiterOptions
  /** How the page writes the setting. */
  readonly written: string
  readonly peer: string
  /** Headers as the documentation of the platform describes them, for a client that forged X-Forwarded-For. */
  readonly headers: Readonly<Record<string, string>>
}

const appended = { 'x-forwarded-for': `${FORGED}, ${CLIENT}` }
const twiceAppended = { 'x-forwarded-for': `${FORGED}, ${CLIENT}, ${CDN}` }
const byCloudflare = { 'x-forwarded-for': `${FORGED}, ${CLIENT}`, 'cf-connecting-ip': CLIENT }

const PLATFORMS: readonly Platform[] = [
  {
    platform: 'nothing',
    setting: { trustProxy: false },
    written: 'trustProxy: false',
    peer: CLIENT,
    headers: { 'x-forwarded-for': FORGED },
  },
  {
    platform: 'nginx, Caddy, HAProxy or Traefik on the same machine',
    setting: { trustProxy: 1 },
    written: 'trustProxy: 1',
    peer: '127.0.0.1',
    headers: appended,
  },
  {
    platform: 'a proxy in another container, pod or machine of a private network',
    setting: { trustProxy: 1 },
    written: 'trustProxy: 1',
    peer: '172.20.0.5',
    headers: appended,
  },
  {
    platform: 'two proxies, one after the other',
    setting: { trustProxy: 2 },
    written: 'trustProxy: 2',
    peer: '127.0.0.1',
    headers: { 'x-forwarded-for': `${FORGED}, ${CLIENT}, 10.0.0.4` },
  },
  {
    platform: 'an AWS application load balancer',
    setting: { trustProxy: 1 },
    written: 'trustProxy: 1',
    peer: '10.0.3.4',
    headers: { 'x-forwarded-for': `${FORGED}, ${CLIENT}:51000` },
  },
  {
    platform: 'CloudFront, then an AWS application load balancer',
    setting: { trustProxy: 2 },
    written: 'trustProxy: 2',
    peer: '10.0.3.4',
    headers: twiceAppended,
  },
  {
    platform: 'CloudFront, straight to your app',
    setting: { trustProxy: [RANGES], clientIpHeader: 'cloudfront-viewer-address' },
    written: "trustProxy: [its ranges], clientIpHeader: 'cloudfront-viewer-address'",
    peer: CDN,
    headers: { ...appended, 'cloudfront-viewer-address': `${CLIENT}:51000` },
  },
  {
    platform: "Google's external application load balancer",
    setting: { trustProxy: ['35.191.0.0/16', '130.211.0.0/22', BALANCER] },
    written: "trustProxy: ['35.191.0.0/16', '130.211.0.0/22', '<its own address>']",
    peer: '35.191.8.1',
    headers: { 'x-forwarded-for': `${FORGED},${CLIENT},${BALANCER}` },
  },
  {
    platform: "Google's regional application load balancer",
    setting: { trustProxy: 2 },
    written: 'trustProxy: 2',
    peer: '10.129.0.5',
    headers: { 'x-forwarded-for': `${FORGED},${CLIENT},${BALANCER}` },
  },
  {
    platform: 'Azure Front Door',
    setting: { trustProxy: [RANGES] },
    written: 'trustProxy: [its ranges]',
    peer: CDN,
    headers: { ...appended, 'x-azure-clientip': FORGED, 'x-azure-socketip': CLIENT },
  },
  {
    platform: 'Azure Application Gateway',
    setting: { trustProxy: 1 },
    written: 'trustProxy: 1',
    peer: '10.1.0.4',
    headers: { 'x-forwarded-for': `${FORGED}, ${CLIENT}:51000` },
  },
  {
    platform: 'Cloudflare, straight to your app',
    setting: { trustProxy: [RANGES], clientIpHeader: 'cf-connecting-ip' },
    written: "trustProxy: [its ranges], clientIpHeader: 'cf-connecting-ip'",
    peer: CDN,
    headers: byCloudflare,
  },
  {
    platform: 'Cloudflare, then nginx',
    setting: { trustProxy: 'loopback', clientIpHeader: 'cf-connecting-ip' },
    written: "trustProxy: 'loopback', clientIpHeader: 'cf-connecting-ip'",
    peer: '127.0.0.1',
    headers: { ...twiceAppended, 'cf-connecting-ip': CLIENT },
  },
  {
    platform: 'Fly.io',
    setting: { trustProxy: true, clientIpHeader: 'fly-client-ip' },
    written: "trustProxy: true, clientIpHeader: 'fly-client-ip'",
    peer: '172.16.4.2',
    headers: { ...twiceAppended, 'fly-client-ip': CLIENT },
  },
  {
    platform: 'Heroku',
    setting: { trustProxy: 1 },
    written: 'trustProxy: 1',
    peer: '10.1.45.23',
    headers: appended,
  },
]

/** These rows are tested through the real adapters, in test/integration/acceptance/function-adapters.test.ts. */
const TESTED_ELSEWHERE = ['AWS Lambda behind a load balancer', 'AWS Lambda behind API Gateway']

describe('the settings of docs/proxies.md', () => {
  it.each(PLATFORMS)('find the client: $platform', ({ platform, setting, written, peer, headers }) => {
    expect(page).toContain(`\n| ${platform} | \`${written}\` |`)
    const limiter = createRateLimiter({ limit: 100, ...setting })
    expect(limiter.explain(requestFrom(peer, headers)).key).toBe(CLIENT)
  })

  it('are all tested', () => {
    const table = page.slice(page.indexOf('## Which setting'), page.indexOf('## nginx'))
    const rows = [...table.matchAll(/^\| ([^|]+) \| `/gm)].map(([, platform = '']) => platform)
    expect(rows).toEqual(expect.arrayContaining(TESTED_ELSEWHERE))
    expect(rows.filter((row) => !TESTED_ELSEWHERE.includes(row))).toEqual(
      PLATFORMS.map(({ platform }) => platform),
    )
  })

  it('do not believe a client that goes around a proxy on public addresses', () => {
    for (const { setting, headers, written } of PLATFORMS) {
      const { key } = createRateLimiter({ limit: 100, ...setting }).explain(
        requestFrom('198.51.100.5', headers),
      )
      expect([written, key]).toEqual([written, '198.51.100.5'])
    }
  })
})
