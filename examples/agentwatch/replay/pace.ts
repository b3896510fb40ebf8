import { setTimeout as sleep } from 'node:timers/promises'

/** Decides when to send the requests of a log. */
export interface Pace {
  /**
   * Resolves when it is time to send a request that was logged at `timeMs`. Rejects when the signal aborts.
   */
  wait(timeMs: number, signal: AbortSignal): Promise<void>
}

/** The clock and the timer of a pace. Tests replace them. */
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

/** Timers above 2^31 ms fire at once, so longer waits are divided. */
const LONGEST_SLEEP_MS = 86_400_000

/**
 * Plays a log `speed` times as fast as it was written; `'max'` never waits. Servers log a request when its
 * answer ends, so a time can be earlier than the time before it. Such a request is sent at once.
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
