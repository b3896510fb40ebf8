import express from 'express'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRateLimiter } from '../../../../src/index.ts'
import { dashboard } from '../../../../src/tools/dashboard/index.ts'
import { NO_CHROMIUM, startChromium } from '../../../support/chromium.ts'
import { withListeningServer } from '../../../support/http/listening-server.ts'

/** A page of another site that tries to open a stream in each way that a page has. */
const FOREIGN_PAGE = `<!doctype html><title>waiting</title><script type="module">
const target = decodeURIComponent(location.search.slice(1))
const url = (how) => target + '?' + how
const settled = (made, how, ...kinds) => new Promise((resolve) => {
  for (const kind of [...kinds, 'error']) made.addEventListener(kind, resolve)
  if ('src' in made) made.src = url(how)
  else made.href = url(how)
  document.head.append(made)
})
const element = (name, properties = {}) => Object.assign(document.createElement(name), properties)
const accept = { Accept: 'text/event-stream' }
const mark = { 'X-Tollgate-Page': '1' }
await Promise.allSettled([
  new Promise((resolve) => { new EventSource(url('EventSource')).onerror = resolve }),
  new Promise((resolve) => {
    new EventSource(url('EventSource-with-credentials'), { withCredentials: true }).onerror = resolve
  }),
  fetch(url('fetch'), { headers: accept }),
  fetch(url('fetch-no-cors'), { mode: 'no-cors', headers: accept, credentials: 'include' }),
  fetch(url('fetch-no-cors-marked'), { mode: 'no-cors', headers: mark }),
  fetch(url('fetch-no-referrer'), { mode: 'no-cors', referrerPolicy: 'no-referrer', headers: accept }),
  fetch(url('fetch-marked'), { headers: mark }),
  settled(element('img', { referrerPolicy: 'no-referrer' }), 'img', 'load'),
  settled(element('script', { referrerPolicy: 'no-referrer' }), 'script', 'load'),
  settled(element('link', { rel: 'stylesheet', referrerPolicy: 'no-referrer' }), 'link', 'load'),
  settled(element('iframe', { referrerPolicy: 'no-referrer' }), 'iframe', 'load'),
  settled(element('video'), 'video', 'loadeddata'),
])
document.title = 'done'
</script>`

describe.skipIf(NO_CHROMIUM !== undefined)('a page of another site in a browser (threat 40)', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startChromium(['--host-resolver-rules=MAP *.example 127.0.0.1'])
  })

  afterAll(() => browser?.close())

  // To a name that is not of this machine, and without TLS, browsers send no Sec-Fetch-Site.
  it.each(['127.0.0.1', 'localhost', 'ops.example'])('opens no stream at %s', async (host) => {
    const page = dashboard(createRateLimiter(), { authorize: () => true })
    onTestFinished(() => page.close())
    const asked = new Map<string, express.Response>()
    const app = express()
    app.use('/limits', (req, res, next) => {
      if (req.path === '/events') asked.set(`${req.method} ${req.url}`, res)
      next()
    })
    app.use('/limits', page)
    const foreign = express().use((_req, res) => void res.type('html').send(FOREIGN_PAGE))
    await withListeningServer(app, (port) =>
      withListeningServer(foreign, async (foreignPort) => {
        const tab = await browser.newPage()
        onTestFinished(() => tab.close())
        const events = encodeURIComponent(`http://${host}:${port}/limits/events`)
        await tab.goto(`http://evil.example:${foreignPort}/?${events}`)
        await tab.waitForFunction("document.title === 'done'")
        const statuses = [...asked].map(([request, { statusCode }]) => [request, statusCode])
        expect(statuses.filter(([, status]) => status !== 403)).toEqual([])
        expect(asked.size).toBeGreaterThan(8)
        // The page itself opens its stream there.
        await tab.goto(`http://${host}:${port}/limits/`)
        await tab.waitForSelector('#connection[data-state=live]')
        await tab.waitForSelector('#open-routes th')
      }),
    )
  })
})
