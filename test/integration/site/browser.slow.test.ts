import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pathOf, WRITTEN } from '../../../docs/.vitepress/pages.ts'
import { NO_CHROMIUM, startChromium } from '../../support/chromium.ts'
import { BASE, buildSite, siteApp } from './published-site.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

const REFERENCE = ['api/', 'api/express-tollgate/', 'api/express-tollgate/interfaces/RateLimiterOptions']

/** The paths of the pages that the tests open. */
const paths = ['', ...WRITTEN.map(pathOf), ...REFERENCE]

describe.skipIf(NO_CHROMIUM !== undefined)('the site in a browser', () => {
  const server = createServer(siteApp())
  let browser: Browser
  let origin: string

  beforeAll(async () => {
    buildSite()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await startChromium()
  })

  afterAll(async () => {
    await browser?.close()
    server.closeAllConnections()
    server.close()
  })

  /** Opens a tab, and gathers what no page may do: requests to other hosts, errors and warnings. */
  async function openTab(
    options: BrowserContextOptions,
  ): Promise<{ readonly tab: Page; readonly faults: string[] }> {
    const tab = await browser.newPage(options)
    const faults: string[] = []
    tab.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(origin) && !url.startsWith('data:')) faults.push(`request to ${url}`)
    })
    tab.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`)
    })
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text())
    })
    tab.on('pageerror', (error) => faults.push(error.message))
    return { tab, faults }
  }

  it('no page scrolls sideways, fails or asks another host', async () => {
    const { tab, faults } = await openTab({})
    const tooWide: string[] = []
    for (const path of paths) {
      await tab.goto(origin + BASE + path)
      for (const width of [360, 1280]) {
        await tab.setViewportSize({ width, height: 800 })
        const scrollWidth = await tab.evaluate<number>('document.documentElement.scrollWidth')
        if (scrollWidth > width) tooWide.push(`${path}: ${scrollWidth}`)
      }
    }
    await tab.waitForLoadState('networkidle')
    expect(tooWide).toEqual([])
    expect(faults).toEqual([])
    await tab.close()
  })

  it.each(['light', 'dark'] as const)(
    'the colours are those of the system at first: %s',
    async (colorScheme) => {
      const { tab } = await openTab({ colorScheme })
      await tab.goto(origin + BASE)
      const luminance = await tab.evaluate<number>(
        'Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])',
      )
      expect(luminance < 128).toBe(colorScheme === 'dark')
      await tab.close()
    },
  )

  it.each([360, 1280])('the search finds Retry-After: %i pixels', async (width) => {
    const { tab, faults } = await openTab({ viewport: { width, height: 800 } })
    await tab.goto(origin + BASE, { waitUntil: 'networkidle' })
    await tab.click('.DocSearch-Button')
    await tab.fill('.VPLocalSearchBox .search-input', 'Retry-After')
    const first = tab.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    expect((await first.locator('mark').allTextContents()).join(' ')).toMatch(/retry/i)
    await first.click()
    await tab.waitForURL((url) => url.pathname.length > BASE.length)
    expect(await tab.textContent('main')).toMatch(/Retry-After/)
    expect(faults).toEqual([])
    await tab.close()
  })

  it('the menu of a narrow page leads to another page', async () => {
    const { tab, faults } = await openTab({ viewport: { width: 360, height: 800 } })
    await tab.goto(`${origin}${BASE}metrics`, { waitUntil: 'networkidle' })
    await tab.click('.VPLocalNav .menu')
    await tab.click('.VPSidebar .text:text-is("Route audit")')
    await tab.waitForURL(`${origin}${BASE}audit`)
    expect(await tab.textContent('h1')).toMatch(/audit/i)
    expect(faults).toEqual([])
    await tab.close()
  })
})
