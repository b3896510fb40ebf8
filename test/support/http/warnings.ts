import { afterEach, beforeEach } from 'vitest'

/** Collects the warnings of this library in each test of the calling file. */
export function collectWarnings(): {
  readonly codes: () => Promise<string[]>
  readonly messages: () => Promise<string[]>
} {
  let collected: Array<{ code: string; message: string }> = []
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.name === 'RateLimiterWarning')
      collected.push({ code: warning.code ?? '', message: warning.message })
  }
  beforeEach(() => {
    collected = []
    process.on('warning', listener)
  })
  afterEach(() => {
    process.off('warning', listener)
  })
  // Node emits warnings in the next tick.
  const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    codes: async () => {
      await nextTick()
      return collected.map(({ code }) => code)
    },
    messages: async () => {
      await nextTick()
      return collected.map(({ message }) => message)
    },
  }
}
