import { checkNames, checkWholeNumber, rejectOption } from '../../errors/option-checks.ts'
import { monotonicClock } from '../monotonic-clock.ts'

/** Options of `MemoryStore`. */
export interface MemoryStoreOptions {
  /** The most keys that are remembered: one for each limiter, class and client. Default: 1,000,000. */
  readonly maxKeys?: number | undefined
  /**
   * The time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back, and the wall clock for
   * calendar windows (`per`).
   */
  readonly clock?: { now(): number } | undefined
}

const NAMES = ['maxKeys', 'clock']
const HINTS = {
  persist: {
    problem: 'is an option of PersistentMemoryStore',
    remedy: "Give store: new PersistentMemoryStore({ persist }) of 'express-tollgate/persistence'.",
  },
}

const DEFAULT_MAX_KEYS = 1_000_000

/** Somewhat below the largest row number of 24 bits, because some numbers belong to rows that are not in use. */
const LARGEST_MAX_KEYS = 16_000_000

/** Options with their defaults. */
export interface MemoryStoreSettings {
  readonly maxKeys: number
  readonly clock: { now(): number }
}

/** @throws RateLimiterError when an option is unknown or has an invalid value */
export function settingsOf(options: MemoryStoreOptions): MemoryStoreSettings {
  const given = checkNames('MemoryStore', options, NAMES, HINTS)
  const { maxKeys = DEFAULT_MAX_KEYS, clock = monotonicClock } = given
  checkWholeNumber('MemoryStore.maxKeys', maxKeys, 1, LARGEST_MAX_KEYS)
  checkClock(clock)
  return { maxKeys, clock }
}

function checkClock(clock: MemoryStoreOptions['clock'] | null): void {
  if (typeof clock?.now === 'function') return
  rejectOption('MemoryStore.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
}
