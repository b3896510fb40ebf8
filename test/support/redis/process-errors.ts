import { afterEach, beforeEach, expect } from 'vitest'

/** Fails each test of the calling file during which a rejection or an exception of this process went unhandled. */
export function expectNoProcessErrors(): void {
  let seen: unknown[] = []
  const note = (error: unknown): void => void seen.push(error)
  beforeEach(() => {
    seen = []
    process.on('unhandledRejection', note)
    process.on('uncaughtExceptionMonitor', note)
  })
  afterEach(async () => {
    // Rejections are reported once the microtasks of a turn are through.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    process.off('uncaughtExceptionMonitor', note)
    expect(seen).toEqual([])
  })
}
