import { afterEach, beforeEach, expect } from 'vitest'

/**
 * Fails each test of the calling file in which a rejection or an exception of this process was not handled.
 */
export function expectNoProcessErrors(): void {
  let errors: unknown[] = []
  const record = (error: unknown): void => void errors.push(error)
  beforeEach(() => {
    errors = []
    process.on('unhandledRejection', record)
    process.on('uncaughtExceptionMonitor', record)
  })
  afterEach(async () => {
    // Node reports a rejection after the microtasks of a turn.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', record)
    process.off('uncaughtExceptionMonitor', record)
    expect(errors).toEqual([])
  })
}
