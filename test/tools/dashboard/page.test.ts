import express from 'express'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../../src/index.ts'
import { dashboard } from '../../../src/tools/dashboard/index.ts'
import { NO_CHROMIUM, startChromium } from '../../support/chromium.ts'
import { listening } from '../../support/http/listening.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

interface Opened {
  readonly page: Page
  readonly limiter: RateLimiter
  readonly origin: string
  readonly requested: readonly string[]
  readonly complaints: readonly string[]
}

describe.skipIf(NO_CHROMIUM !== undefined)('the page in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startChromium()
  }, 30_000)

  afterAll(() => browser?.close())

  async function opened(
    use: (made: Opened) => Promise<void>,
    view: { colorScheme?: 'light' | 'dark'; width?: number } = {},
  ): Promise<void> {
    const limiter = createRateLimiter({ read: 20, write: 5, keyGenerator: (req) => req.url ?? '' })
    const live = dashboard(limiter, { showAddresses: true })
    const app = express().use('/limits', live)
    await listening(app, async (port) => {
      const origin = `http://127.0.0.1:${port}`
      const context = await browser.newContext({
        colorScheme: view.colorScheme ?? 'light',
        viewport: { width: view.width ?? 1000, height: 800 },
      })
      const page = await context.newPage()
      const requested: string[] = []
      const complaints: string[] = []
      page.on('request', (request) => requested.push(request.url()))
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(`${origin}/limits`)
      await page.waitForSelector('#connection[data-state=live]')
      try {
        await use({ page, limiter, origin, requested, complaints })
      } finally {
        await context.close()
        live.close()
      }
    })
  }

  it('moves when requests come, shows who is refused, fetches nothing from elsewhere and breaks no rule', async () => {
    await opened(async ({ page, limiter, origin, requested, complaints }) => {
      const label = '#chart'
      expect(await page.getAttribute(label, 'aria-label')).toContain('0 admitted and 0 refused in all')
      const empty = await page.getAttribute('#chart path.refused', 'd')
      const hostile = '<img src=x onerror=alert(1)>'
      for (let count = 0; count < 8; count++) await limiter.consume(hostile, { class: 'write' })
      await page.waitForSelector('#chart[aria-label*="5 admitted and 3 refused in all"]')
      expect(await page.getAttribute('#chart path.refused', 'd')).not.toBe(empty)
      expect(await page.textContent('#most-refused tr')).toBe(`${hostile}30 of 5 writes`)
      expect(await page.textContent('#steps tr')).toBe('0 to 3053')
      await limiter.block(hostile, 90)
      await page.waitForSelector('#busiest .bad:text-is("banned")')
      expect(await page.textContent('#bans-caption')).toBe('1 ban')
      expect(await page.textContent('#summary')).toContain('Bans: 1')
      await page.waitForSelector('#routes th:text-is("(no route: 404)")')
      expect(requested.filter((url) => !url.startsWith(`${origin}/limits`))).toEqual([])
      expect(requested.length).toBeGreaterThan(4)
      expect(complaints).toEqual([])
    })
  })

  it('says that the server is gone', async () => {
    const limiter = createRateLimiter()
    const live = dashboard(limiter)
    await listening(express().use(live), async (port) => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForSelector('#connection[data-state=live]')
      live.close()
      await page.waitForSelector('#connection[data-state=lost]')
      expect(await page.textContent('#connection')).toBe('Not connected, trying again')
      await page.close()
    })
  })

  it('can be reached everywhere by the keyboard, in the order in which it is read', async () => {
    await opened(async ({ page }) => {
      const order: string[] = []
      for (let press = 0; press < 7; press++) {
        await page.keyboard.press('Tab')
        order.push(
          await page.evaluate<string>(
            "document.activeElement.getAttribute('aria-labelledby') || document.activeElement.tagName",
          ),
        )
        const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
        expect(outline, order.at(-1)).toBe('solid')
      }
      expect(order).toEqual([
        'A',
        'SUMMARY',
        'busiest-heading',
        'most-refused-heading',
        'bans-heading',
        'stores-heading',
        'routes-heading',
      ])
    })
  })

  it('fits 360 pixels, and is dark where the reader wants it dark', async () => {
    const backgrounds: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await opened(
        async ({ page, limiter }) => {
          await limiter.consume('k'.repeat(150))
          await page.waitForSelector('#busiest th')
          expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360)
          backgrounds.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
        },
        { colorScheme, width: 360 },
      )
    }
    expect(backgrounds).toEqual(['rgb(246, 246, 244)', 'rgb(19, 19, 18)'])
  })
})
