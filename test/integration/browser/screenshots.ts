import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { createRateLimiter } from '../../../src/index.ts'
import { dashboard } from '../../../src/tools/dashboard/index.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { startChromium } from '../../support/chromium.ts'

// Takes the pictures docs/images/dashboard-*.png: node --import tsx test/integration/browser/screenshots.ts
// With the environment variable NARROW it also saves pictures of 360 pixels width in the folder that NARROW
// names.

const SECONDS = 301
const clock = new FakeClock()
const limiter = createRateLimiter({
  name: 'api',
  read: 300,
  write: 60,
  ban: { after: 100, withinSec: 60, forSec: 900 },
  clock,
})
const login = createRateLimiter({ name: 'login', write: 5, windowSec: 900, clock })
const app = express()
const page = dashboard([limiter, login], { clock })
app.get('/favicon.ico', (_req, res) => void res.end())
app.use(limiter)
app.get('/api/orders', (_req, res) => void res.json([]))
app.post('/api/orders', (_req, res) => void res.json({}))
app.post('/login', login, (_req, res) => void res.json({}))
app.use('/limits', page)

/** The same numbers in every run: the linear congruential generator of Numerical Recipes. */
let state = 20
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

/** Customers in waves, two clients with too many requests of one class, and one that tries passwords. */
async function traffic(second: number): Promise<void> {
  const wave = 14 + 6 * Math.sin(second / 40) + 4 * random()
  for (let count = 0; count < wave; count++) {
    const customer = Math.floor(60 * random() ** 2)
    await limiter.consume(`198.51.${100 + (customer % 7)}.${customer}`, {
      class: random() < 0.8 ? 'read' : 'write',
    })
  }
  if (second > 90 && second < 200)
    for (let count = 0; count < 9; count++) await limiter.consume('203.0.113.7', { class: 'read' })
  if (second > 180 && second < 260) {
    for (let count = 0; count < 6; count++) await limiter.consume('2001:db8:5::1', { class: 'write' })
  }
  if (second % 30 === 0) await login.consume('198.51.100.9', { class: 'write' })
  clock.advance(1000)
}

const server = createServer(app).listen(0, '127.0.0.1')
for (let second = 0; second < SECONDS; second++) await traffic(second)
await limiter.block('192.0.2.44', 3600)
const browser = await startChromium()
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const tab = await browser.newPage({ colorScheme, viewport: { width: 1010, height: 1200 } })
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/limits/`)
    await tab.waitForSelector('#busiest th')
    await tab.waitForSelector('#open-routes th')
    const path = fileURLToPath(new URL(`../../../docs/images/dashboard-${colorScheme}.png`, import.meta.url))
    await tab.screenshot({ path, fullPage: true })
    await tab.setViewportSize({ width: 360, height: 800 })
    await tab.waitForTimeout(1500)
    if (process.env.NARROW)
      await tab.screenshot({ path: `${process.env.NARROW}/narrow-${colorScheme}.png`, fullPage: true })
    await tab.close()
  }
} finally {
  await browser.close()
  page.close()
  server.closeAllConnections()
  server.close()
  await limiter.close()
  await login.close()
}
