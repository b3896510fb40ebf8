import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { posix } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llmsText } from '../../../docs/.vitepress/llms-text.ts'
import { PAGES, pathOf } from '../../../docs/.vitepress/pages.ts'
import { NO_CHROMIUM, startChromium } from '../../support/chromium.ts'
import { textOf } from '../../support/project-files.ts'
import { attributes, brokenLinks, builtFiles, fileAt, readBuilt } from './built-files.ts'
import { BASE, buildSite, siteApp } from './published-site.ts'

if (NO_CHROMIUM !== undefined) console.log(NO_CHROMIUM)

const REFERENCE = ['api/', 'api/express-tollgate/', 'api/express-tollgate/interfaces/RateLimiterOptions']

/** The paths of the pages that the tests open. */
const paths = ['', ...PAGES.map(pathOf), ...REFERENCE]

beforeAll(buildSite)

describe('the built site', () => {
  it('has the home page, every page of the list, and the API reference of every entry point', () => {
    const pages = builtFiles().filter((path) => path.endsWith('.html') && !path.startsWith('api/'))
    const listed = PAGES.map((page) => fileAt(pathOf(page), new Set(pages)))
    expect(listed).not.toContain(undefined)
    expect(pages.toSorted()).toEqual(['404.html', 'index.html', ...listed].toSorted())
    const { exports } = JSON.parse(textOf('package.json')) as {
      readonly exports: Readonly<Record<string, unknown>>
    }
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    const references = entries.map((entry) => posix.join('api/express-tollgate', entry, 'index.html'))
    expect(references).toContain('api/express-tollgate/redis/index.html')
    expect(references.filter((path) => !builtFiles().includes(path))).toEqual([])
  })

  it('has links to pages and headings that exist', () => {
    expect(builtFiles().filter((path) => path.endsWith('.html')).length).toBeGreaterThan(100)
    expect(brokenLinks()).toEqual([])
  })

  it('loads nothing from another host', () => {
    const pages = builtFiles().filter((path) => path.endsWith('.html'))
    const loaded = pages.flatMap((path) => {
      const html = readBuilt(path)
      const linked = attributes(html, 'href').filter(({ tag }) => tag === 'link')
      return [...linked, ...attributes(html, 'src')].map(({ value }) => value)
    })
    const styles = builtFiles().filter((path) => path.endsWith('.css'))
    const imported = styles.flatMap((path) =>
      [...readBuilt(path).matchAll(/(?:url\(|@import\s*)["']?([^"')\s]+)/g)].map(([, value = '']) => value),
    )
    expect(loaded.length).toBeGreaterThan(1000)
    expect(imported.length).toBeGreaterThan(10)
    expect([...loaded, ...imported].filter((value) => /^(?:https?:)?\/\//i.test(value))).toEqual([])
  })

  it('has the list for language models', () => {
    expect(readBuilt('llms.txt')).toBe(llmsText())
  })
})

describe.skipIf(NO_CHROMIUM !== undefined)('the site in a browser', () => {
  const server = createServer(siteApp())
  let browser: Browser
  let origin: string

  beforeAll(async () => {
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
    expect(await first.getAttribute('href')).not.toContain('/api/')
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
    // The address changes before the page does.
    await tab.waitForSelector('h1:has-text("audit")')
    expect(faults).toEqual([])
    await tab.close()
  })
})
