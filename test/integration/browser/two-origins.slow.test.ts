import express, { type Express, type RequestHandler } from 'express'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiterOptions } from '../../../src/index.ts'
import { NO_CHROMIUM, startChromium } from '../../support/chromium.ts'
import { withListeningServer } from '../../support/http/listening-server.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

/** What `cors()` does, with names of its own. It does not answer preflights, so that the limiter meets them. */
const allowOrigin: RequestHandler = (req, res, next) => {
  res.set({
    'Access-Control-Allow-Origin': req.get('Origin') ?? '*',
    'Access-Control-Allow-Methods': 'PUT',
    'Access-Control-Allow-Headers': 'X-Token',
    'Access-Control-Expose-Headers': 'X-Total',
    // No preflight is answered from a cache.
    'Access-Control-Max-Age': '0',
  })
  next()
}

interface SeenAnswer {
  readonly status: number
  readonly remaining: string | null
  readonly retryAfter: string | null
  readonly total: string | null
}

describe.skipIf(NO_CHROMIUM !== undefined)('a page of another origin', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startChromium()
  })

  afterAll(() => browser?.close())

  /** Sends PUT requests one by one from a page of another origin. `failed` stands for one that the browser stopped. */
  async function putFromPage(app: Express, requests: number): Promise<(SeenAnswer | 'failed')[]> {
    const answers: (SeenAnswer | 'failed')[] = []
    await withListeningServer(
      express().use((_req, res) => void res.type('html').send('<p>page')),
      (pagePort) =>
        withListeningServer(app, async (apiPort) => {
          const page = await browser.newPage()
          await page.goto(`http://127.0.0.1:${pagePort}/`)
          for (let count = 0; count < requests; count++) {
            const answer = await page.evaluate(async (url) => {
              try {
                const { status, headers } = await fetch(url, { method: 'PUT', headers: { 'X-Token': 'a' } })
                return {
                  status,
                  remaining: headers.get('X-RateLimit-Remaining'),
                  retryAfter: headers.get('Retry-After'),
                  total: headers.get('X-Total'),
                }
              } catch {
                return 'failed' as const
              }
            }, `http://127.0.0.1:${apiPort}/`)
            answers.push(answer)
          }
          await page.close()
        }),
    )
    return answers
  }

  function api(order: 'cors first' | 'limiter first', options: RateLimiterOptions) {
    const methods: string[] = []
    const limiter = createRateLimiter(options)
    const app = express()
    app.use((req, _res, next) => {
      methods.push(req.method)
      next()
    })
    if (order === 'cors first') app.use(allowOrigin, limiter)
    else app.use(limiter, allowOrigin)
    app.options('/', (_req, res) => void res.status(204).end())
    app.put('/', (_req, res) => void res.set('X-Total', '5').send('ok'))
    return { app, methods }
  }

  it.each(['cors first', 'limiter first'] as const)(
    'reads the headers, and its preflights take nothing from its requests (%s)',
    async (order) => {
      const { app, methods } = api(order, { limit: 2 })
      expect(await putFromPage(app, 2)).toEqual([
        { status: 200, remaining: '1', retryAfter: null, total: '5' },
        { status: 200, remaining: '0', retryAfter: null, total: '5' },
      ])
      expect(methods).toEqual(['OPTIONS', 'PUT', 'OPTIONS', 'PUT'])
    },
  )

  it('reads Retry-After of a refusal', async () => {
    const { app } = api('cors first', { limit: 1 })
    expect(await putFromPage(app, 2)).toMatchObject([
      { status: 200 },
      { status: 429, remaining: '0', retryAfter: '60' },
    ])
  })

  it('is stopped by the browser once its preflights are refused', async () => {
    const { app, methods } = api('cors first', { limit: 9, preflight: 1 })
    expect(await putFromPage(app, 2)).toMatchObject([{ status: 200 }, 'failed'])
    expect(methods).toEqual(['OPTIONS', 'PUT', 'OPTIONS'])
  })

  it('reads no header where exposeHeaders is false', async () => {
    const { app } = api('cors first', { limit: 2, exposeHeaders: false })
    expect(await putFromPage(app, 1)).toEqual([
      { status: 200, remaining: null, retryAfter: null, total: '5' },
    ])
  })
})
