import { afterEach, beforeEach } from 'vitest'

/** Collects the warnings of this library in each test of the calling file. */
export function collectWarnings(): {
  readonly codes: () => Promise<string[]>
  readonly messages: () => Promise<string[]>
} {
  let seen: Array<{ code: string; message: string }> = []
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.name === 'RateLimiterWarning')
      seen.push({ code: warning.code ?? '', message: warning.message })
  }
  beforeEach(() => {
    seen = []
    process.on('warning', listener)
  })
  afterEach(() => {
    process.off('warning', listener)
  })
  // Node emits warnings on the next tick.
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    codes: async () => {
      await settled()
      return seen.map(({ code }) => code)
    },
    messages: async () => {
      await settled()
      return seen.map(({ message }) => message)
    },
  }
}
