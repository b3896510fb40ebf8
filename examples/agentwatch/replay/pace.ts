import { setTimeout as sleep } from 'node:timers/promises'

/** When a request of the log is due. */
export interface Pace {
  /** Resolves when a request that was logged at that time is due; rejects when the signal aborts. */
  wait(timeMs: number, signal: AbortSignal): Promise<void>
}

/** What a pace reads and waits on; replaced in tests. */
export interface Timing {
  now(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const SYSTEM: Timing = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal })
  },
}

/** Timers above 2^31 ms fire at once; gaps longer than a day are waited for in pieces. */
const LONGEST_SLEEP_MS = 86_400_000

/**
 * The log's own pace times `speed`; `'max'` never waits. Logs are written when answers end, so times step
 * back now and then: such a request is due at once.
 */
export function createPace(speed: number | 'max', timing: Timing = SYSTEM): Pace {
  if (speed === 'max') return { wait: async (_timeMs, signal) => signal.throwIfAborted() }
  let firstMs: number | undefined
  let startMs = 0
  return {
    async wait(timeMs, signal) {
      signal.throwIfAborted()
      if (firstMs === undefined) {
        firstMs = timeMs
        startMs = timing.now()
      }
      const dueMs = startMs + (timeMs - firstMs) / speed
      for (let leftMs = dueMs - timing.now(); leftMs > 0; leftMs = dueMs - timing.now()) {
        await timing.sleep(Math.min(leftMs, LONGEST_SLEEP_MS), signal)
      }
    },
  }
}
