import express from 'express'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../../../src/index.ts'
import { createConcurrencyLimiter } from '../../../../src/tools/concurrency/index.ts'
import { dashboard } from '../../../../src/tools/dashboard/index.ts'
import { NO_CHROMIUM, startChromium } from '../../../support/chromium.ts'
import { withListeningServer } from '../../../support/http/listening-server.ts'
import { close, run } from '../../concurrency/held-requests.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

interface OpenPage {
  readonly page: Page
  readonly limiter: RateLimiter
  /** Another limiter, only with the view `others`. */
  readonly login: RateLimiter
  readonly origin: string
  readonly requested: readonly string[]
  readonly consoleProblems: readonly string[]
}

interface View {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  /** Whether the page shows a limiter `login` and a limiter with a long name too. */
  readonly others?: boolean
  /** What follows `/limits` in the address. */
  readonly query?: string
}

const LONG_NAME = 'a-limiter-with-a-name-that-no-telephone-shows-on-one-line'

describe.skipIf(NO_CHROMIUM !== undefined)('the live page in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startChromium()
  })

  afterAll(() => browser?.close())

  async function withPage(use: (opened: OpenPage) => Promise<void>, view: View = {}): Promise<void> {
    const limiter = createRateLimiter({ read: 20, write: 5, keyGenerator: (req) => req.url ?? '' })
    const login = createRateLimiter({ name: 'login', write: 1 })
    const others = view.others === true ? [login, createRateLimiter({ name: LONG_NAME })] : []
    const live = dashboard([limiter, ...others], { showAddresses: true })
    const app = express().use('/limits', live)
    await withListeningServer(app, async (port) => {
      const origin = `http://127.0.0.1:${port}`
      const context = await browser.newContext({
        colorScheme: view.colorScheme ?? 'light',
        viewport: { width: view.width ?? 1000, height: 800 },
      })
      const page = await context.newPage()
      const requested: string[] = []
      const consoleProblems: string[] = []
      page.on('request', (request) => requested.push(request.url()))
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) consoleProblems.push(message.text())
      })
      page.on('pageerror', (error) => consoleProblems.push(String(error)))
      await page.goto(`${origin}/limits${view.query ?? ''}`)
      await page.waitForSelector('#connection[data-state=live]')
      try {
        await use({ page, limiter, login, origin, requested, consoleProblems })
      } finally {
        await context.close()
        live.close()
      }
    })
  }

  it('shows new requests and refused clients, loads nothing from elsewhere and violates no policy', async () => {
    await withPage(async ({ page, limiter, origin, requested, consoleProblems }) => {
      expect(await page.getAttribute('#chart', 'aria-label')).toContain('0 allowed and 0 refused in total')
      expect(await page.locator('#chart rect').count()).toBe(0)
      const hostile = '<img src=x onerror=alert(1)>'
      for (let count = 0; count < 8; count++) await limiter.consume(hostile, { class: 'write' })
      await page.waitForSelector('#chart[aria-label*="5 allowed and 3 refused in total"]')
      for (const name of ['allowed', 'refused']) {
        const bar = await page.locator(`#chart rect.${name}`).first().boundingBox()
        expect(Math.min(bar?.width ?? 0, bar?.height ?? 0), name).toBeGreaterThanOrEqual(3)
      }
      expect(await page.locator('#most-refused tr').allInnerTexts()).toEqual([`${hostile}\t3\t0 of 5 writes`])
      expect(await page.locator('table:has(#most-refused) thead tr').allInnerTexts()).toEqual([
        'Client\tRefusals\tRemaining',
      ])
      expect(await page.isHidden('#choice')).toBe(true)
      expect(await page.textContent('#rates tr')).toBe('0 to 3053')
      await limiter.block(hostile, 90)
      await page.waitForSelector('#busiest .bad:text-is("banned")')
      expect(await page.textContent('#bans-caption')).toBe('1 ban')
      expect(await page.textContent('#summary')).toContain('Bans: 1. Store: healthy.')
      await page.waitForSelector('#open-routes th:text-is("(no route: 404)")')
      expect(await page.textContent('#stores .good')).toBe('healthy')
      expect(requested.filter((url) => !url.startsWith(`${origin}/limits`))).toEqual([])
      expect(requested.length).toBeGreaterThan(4)
      expect(consoleProblems).toEqual([])
    })
  })

  it('shows what limiters count, and what runs and waits at a concurrency limiter', async () => {
    const tokens = createRateLimiter({ name: 'llm', limit: 500, unit: 'tokens', settles: true })
    const exports = createConcurrencyLimiter({
      name: 'exports',
      read: 2,
      queue: { size: 9, timeoutMs: 60_000 },
      trustProxy: false,
    })
    const live = dashboard([tokens, exports], { showAddresses: true })
    onTestFinished(async () => {
      live.close()
      await exports.close()
    })
    await withListeningServer(express().use(live), async (port) => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForSelector('#connection[data-state=live]')
      await tokens.consume('192.0.2.7', { cost: 30 })
      const requests = [run(exports), run(exports), run(exports)]
      await page.waitForSelector('#in-flight tr:has(td:text-is("2")) td:text-is("1")')
      expect(await page.locator('#in-flight tr').allInnerTexts()).toEqual(['exports\t2\t1'])
      expect(await page.locator('#busiest tr').allInnerTexts()).toEqual(
        expect.arrayContaining([expect.stringContaining('470 of 500 tokens')]),
      )
      expect(await page.locator('#stores th').allInnerTexts()).toEqual([
        'llm (counts tokens, settles costs)',
        'exports (counts places)',
      ])
      expect(await page.isVisible('#in-flight-section')).toBe(true)
      await page.goto(`http://127.0.0.1:${port}/?limiter=llm`)
      await page.waitForSelector('#stores th')
      expect(await page.isHidden('#in-flight-section')).toBe(true)
      for (const request of requests.slice(0, 2)) close(request)
      await page.close()
    })
  })

  it('shows the health of a store in plain words', async () => {
    const store = {
      consume: (): never => {
        throw new Error('the store is down')
      },
    }
    const logger = { info: (): void => undefined, warn: (): void => undefined }
    const limiter = createRateLimiter({ store, onStoreError: 'allow', logger })
    const live = dashboard(limiter)
    onTestFinished(() => live.close())
    await withListeningServer(express().use(live), async (port) => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForSelector('#stores .good:text-is("healthy")')
      while (limiter.health().state === 'closed')
        await limiter.consume('192.0.2.1', { class: 'read' }).catch(() => undefined)
      await page.waitForSelector('#stores .bad:text-is("circuit open, the store is not called")')
      await page.waitForFunction(
        "document.getElementById('summary').textContent.endsWith('Store: circuit open, the store is not called.')",
      )
      await page.close()
    })
  })

  it('shows that the server is not reachable', async () => {
    const limiter = createRateLimiter()
    const live = dashboard(limiter)
    await withListeningServer(express().use(live), async (port) => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForSelector('#connection[data-state=live]')
      live.close()
      await page.waitForSelector('#connection[data-state=lost]')
      expect(await page.textContent('#connection')).toBe('Not connected. The page tries to connect again.')
      await page.close()
    })
  })

  it('opens on all limiters with the refusals of each, and keeps the choice of one in its address', async () => {
    await withPage(
      async ({ page, limiter, login, origin, requested }) => {
        for (let count = 0; count < 4; count++) await login.consume('203.0.113.7', { class: 'write' })
        for (let count = 0; count < 9; count++) await limiter.consume('198.51.100.1', { class: 'write' })
        await login.block('203.0.113.9', 90)
        const choices = async (): Promise<string[]> => page.locator('#limiters a').allInnerTexts()
        await page.waitForSelector('#chart[aria-label*="6 allowed and 7 refused in total"]')
        expect(await choices()).toEqual([
          'All limiters 7 refused',
          'default 4 refused',
          'login 3 refused',
          `${LONG_NAME} 0 refused`,
        ])
        const rows = (id: string): Promise<string[]> => page.locator(`#${id} tr`).allInnerTexts()
        expect(await rows('busiest')).toEqual([
          '198.51.100.1\tdefault\t9\t0 of 5 writes',
          '203.0.113.7\tlogin\t4\t0 of 1 writes',
        ])
        expect(await rows('bans')).toEqual([expect.stringMatching(/^203\.0\.113\.9\tlogin\t1 min \d+ s$/)])

        await page.click('#limiters a:has-text("login")')
        expect(page.url()).toBe(`${origin}/limits/?a=b&limiter=login`)
        expect(await rows('most-refused')).toEqual(['203.0.113.7\t3\t0 of 1 writes'])
        expect(await page.getAttribute('#chart', 'aria-label')).toContain('1 allowed and 3 refused in total')
        expect(await page.textContent('#limiters [aria-current=true]')).toBe('login 3 refused')
        expect(await page.title()).toBe('Rate limits: Limiter login')
        expect(requested.filter((url) => url.endsWith('/events'))).toHaveLength(1)

        await page.goBack()
        expect(await page.textContent('#limiters [aria-current=true]')).toBe('All limiters 7 refused')
        await page.goForward()
        await page.reload()
        await page.waitForSelector('#limiters [aria-current=true]:has-text("login")')
        expect(await rows('most-refused')).toEqual(['203.0.113.7\t3\t0 of 1 writes'])
        await page.goto(`${origin}/limits/?limiter=no-such-limiter`)
        await page.waitForSelector('#limiters [aria-current=true]:has-text("All limiters")')
      },
      { others: true, query: '?a=b' },
    )
  })

  it('shows routes that are not limited first, and folds the list of the others', async () => {
    const limiter = createRateLimiter({ read: 70 })
    const live = dashboard(limiter)
    onTestFinished(() => live.close())
    const app = express().use(express.json())
    app.get('/open', (_req, res) => void res.end())
    app.use(limiter)
    app.use('/limits', live)
    app.get('/limited', (_req, res) => void res.end())
    await withListeningServer(app, async (port) => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/limits/`)
      await page.waitForSelector('#open-routes th')
      expect(await page.locator('#open-routes tr').allInnerTexts()).toEqual([
        expect.stringMatching(/^GET\t\/open\tunlimited\tNo limiter runs before it\./),
        expect.stringMatching(
          /^ALL\t\(middleware before limiter 'default'\)\tnot proven\t1 middleware stands before .*: jsonParser\./,
        ),
      ])
      expect(await page.textContent('#routes-summary')).toMatch(/^\d of \d routes limited$/)
      expect(await page.isVisible('#routes')).toBe(false)
      await page.click('#routes-summary')
      expect(await page.locator('#routes tr').allInnerTexts()).toContain('GET\t/limited\t70 in 60 s\tdefault')
      await page.close()
    })
  })

  it('can be used with the keyboard alone, in reading order', async () => {
    await withPage(
      async ({ page }) => {
        const order: string[] = []
        for (let press = 0; press < 6; press++) {
          await page.keyboard.press('Tab')
          order.push(await page.evaluate<string>('document.activeElement.textContent'))
          const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
          expect(outline, order.at(-1)).toBe('solid')
        }
        expect(order).toEqual([
          'Skip to the content',
          'All limiters 0 refused',
          'default 0 refused',
          'login 0 refused',
          `${LONG_NAME} 0 refused`,
          'Show as a table',
        ])
        await page.keyboard.press('Shift+Tab')
        await page.keyboard.press('Shift+Tab')
        expect(page.url()).not.toContain('limiter=')
        await page.keyboard.press('Enter')
        expect(page.url()).toContain('limiter=login')
      },
      { others: true },
    )
  })

  it('clips nothing at 360 pixels, and is dark if the reader prefers a dark page', async () => {
    const backgrounds: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await withPage(
        async ({ page, limiter, login }) => {
          await limiter.consume('k'.repeat(150), { class: 'read' })
          for (let count = 0; count < 3; count++) await login.consume('203.0.113.7', { class: 'write' })
          await page.waitForSelector('#most-refused [data-label=Limiter]')
          await page.waitForSelector('#open-routes th')
          expect(await page.evaluate<string[]>(CLIPPED_ELEMENTS)).toEqual([])
          expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360)
          backgrounds.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
        },
        { colorScheme, width: 360, others: true },
      )
    }
    expect(backgrounds).toEqual(['rgb(246, 246, 244)', 'rgb(19, 19, 18)'])
  })

  it('keeps its tables for screen readers where they are shown as lists', async () => {
    await withPage(
      async ({ page }) => {
        await page.waitForSelector('#open-routes th')
        const session = await page.context().newCDPSession(page)
        const { nodes } = await session.send('Accessibility.getFullAXTree')
        const namesOf = (role: string): unknown[] =>
          nodes.filter((node) => !node.ignored && node.role?.value === role).map(({ name }) => name?.value)
        expect(namesOf('table').length).toBe(5)
        expect(namesOf('columnheader')).toEqual(expect.arrayContaining(['Refusals', 'Late replies', 'Why']))
        expect(namesOf('rowheader')).toEqual(expect.arrayContaining(['Limiter: login', '(no route: 404)']))
        expect(namesOf('navigation')).toEqual(['Limiters, and their refusals in the last five minutes'])
      },
      { width: 360, others: true },
    )
  })
})

/** The elements whose text ends outside of them or of the page, as an expression for the page. */
const CLIPPED_ELEMENTS = `[...document.querySelectorAll('main *, nav *')]
  .filter((one) => one.closest('.hidden, svg, thead') === null && one.clientWidth > 0)
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.outerHTML)`
