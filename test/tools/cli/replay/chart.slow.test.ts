import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runReplay } from '../../../../src/tools/cli/replay/run-replay.ts'
import { NO_CHROMIUM, startChromium } from '../../../support/chromium.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { fakeTerminal } from '../fake-terminal.ts'
import { combinedLine, logTime } from '../log-lines.ts'

/** The texts that overlap another text, or leave the picture. */
const MISPLACED_TEXTS = `(() => {
  const frame = document.querySelector('svg').getBoundingClientRect()
  const texts = [...document.querySelectorAll('text')].map((one) => [one.textContent, one.getBoundingClientRect()])
  const outside = texts.filter(([, box]) => box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom)
  const pairs = texts.flatMap((one, index) => texts.slice(index + 1).map((other) => [one, other]))
  // The box of a text has a space of 2 pixels above and below the letters.
  const overlapping = pairs.filter(([[, one], [, other]]) =>
    one.left < other.right && other.left < one.right && one.top + 2 < other.bottom - 2 && other.top + 2 < one.bottom - 2)
  return [...outside, ...overlapping.flat()].map(([text]) => text)
})()`

describe.skipIf(NO_CHROMIUM !== undefined)('the chart of a replay in a browser', () => {
  let browser: Browser
  let folder = ''

  beforeAll(async () => {
    browser = await startChromium()
    folder = await mkdtemp(join(tmpdir(), 'tollgate-chart-'))
  })

  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true })
  })

  it.each([
    ['one request', { lines: 1, days: 1, clients: 1 }, []],
    [
      'half an hour and eight limits',
      { lines: 2000, days: 0.02, clients: 200 },
      ['--read', '3,4,5,6,7,8,9,10'],
    ],
    ['four days', { lines: 4000, days: 4, clients: 900 }, ['--write', 'false']],
    [
      'two years, many clients and large limits',
      { lines: 60_000, days: 730, clients: 40_000 },
      [
        ...['--window', '31536000', '--algorithm', 'sliding-window'],
        ...['--read', '900,1000,1100,20000,5000000', '--write', '12345678'],
      ],
    ],
  ])('has no text over another or outside of the picture: %s', async (name, log, options) => {
    const random = seededRandom(7)
    const lines = Array.from({ length: log.lines }, (_, index) => {
      const client = random(random(random(log.clients) + 1) + 1)
      return combinedLine({
        address: `10.${client >> 16}.${(client >> 8) & 255}.${client & 255}`,
        time: logTime(Date.UTC(2026, 0, 5) + (index / log.lines) * log.days * 86_400_000),
        request: `${random(5) > 0 ? 'GET' : 'POST'} / HTTP/1.1`,
      })
    })
    const path = join(folder, `${name}.svg`)
    await runReplay(['-', ...options, '--chart', path], fakeTerminal({ input: lines.join('\n') }))
    const page = await browser.newPage()
    await page.setContent(await readFile(path, 'utf8'))
    expect(await page.locator('text').count()).toBeGreaterThan(10)
    expect(await page.evaluate<string[]>(MISPLACED_TEXTS)).toEqual([])
    await page.close()
  })
})
