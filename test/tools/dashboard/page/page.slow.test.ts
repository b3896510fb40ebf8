import express from 'express'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../../../../src/index.ts'
import { dashboard } from '../../../../src/tools/dashboard/index.ts'
import { NO_CHROMIUM, startChromium } from '../../../support/chromium.ts'
import { withListeningServer } from '../../../support/http/listening-server.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

interface OpenPage {
  readonly page: Page
  readonly limiter: RateLimiter
  readonly origin: string
  readonly requested: readonly string[]
  readonly consoleProblems: readonly string[]
}

describe.skipIf(NO_CHROMIUM !== undefined)('the live page in a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startChromium()
  })

  afterAll(() => browser?.close())

  async function withPage(
    use: (opened: OpenPage) => Promise<void>,
    view: { colorScheme?: 'light' | 'dark'; width?: number } = {},
  ): Promise<void> {
    const limiter = createRateLimiter({ read: 20, write: 5, keyGenerator: (req) => req.url ?? '' })
    const live = dashboard(limiter, { showAddresses: true })
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
      await page.goto(`${origin}/limits`)
      await page.waitForSelector('#connection[data-state=live]')
      try {
        await use({ page, limiter, origin, requested, consoleProblems })
      } finally {
        await context.close()
        live.close()
      }
    })
  }

  it('shows new requests and refused clients, loads nothing from elsewhere and violates no policy', async () => {
    await withPage(async ({ page, limiter, origin, requested, consoleProblems }) => {
      expect(await page.getAttribute('#chart', 'aria-label')).toContain('0 allowed and 0 refused in total')
      const empty = await page.getAttribute('#chart path.refused', 'd')
      const hostile = '<img src=x onerror=alert(1)>'
      for (let count = 0; count < 8; count++) await limiter.consume(hostile, { class: 'write' })
      await page.waitForSelector('#chart[aria-label*="5 allowed and 3 refused in total"]')
      expect(await page.getAttribute('#chart path.refused', 'd')).not.toBe(empty)
      expect(await page.textContent('#most-refused tr')).toBe(`${hostile}30 of 5 writes`)
      expect(await page.textContent('#rates tr')).toBe('0 to 3053')
      await limiter.block(hostile, 90)
      await page.waitForSelector('#busiest .bad:text-is("banned")')
      expect(await page.textContent('#bans-caption')).toBe('1 ban')
      expect(await page.textContent('#summary')).toContain('Bans: 1. Store: healthy.')
      await page.waitForSelector('#routes th:text-is("(no route: 404)")')
      expect(await page.textContent('#stores .good')).toBe('healthy')
      expect(requested.filter((url) => !url.startsWith(`${origin}/limits`))).toEqual([])
      expect(requested.length).toBeGreaterThan(4)
      expect(consoleProblems).toEqual([])
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

  it('can be used with the keyboard alone, in reading order', async () => {
    await withPage(async ({ page }) => {
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

  it('fits into 360 pixels, and is dark if the reader prefers a dark page', async () => {
    const backgrounds: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await withPage(
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
