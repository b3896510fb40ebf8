import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** The browser that tests start. */
const PROGRAM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** Why tests that need a browser are skipped; undefined if a browser exists. */
export const NO_CHROMIUM: string | undefined = existsSync(PROGRAM)
  ? undefined
  : `skipped: no Chromium at ${PROGRAM} (Debian: apt-get install chromium; elsewhere set CHROMIUM_PATH)`

/**
 * Starts a browser without a window. For root, Chromium starts only without its sandbox.
 *
 * @param switches further arguments of the program
 */
export function startChromium(switches: readonly string[] = []): Promise<Browser> {
  const args = [
    ...switches,
    '--disable-dev-shm-usage',
    '--disable-lcd-text',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  return chromium.launch({ executablePath: PROGRAM, args })
}
