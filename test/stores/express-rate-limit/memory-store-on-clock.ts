import { MemoryStore } from 'express-rate-limit'
import type { Store } from '../../../src/index.ts'
import { fromExpressRateLimitStore } from '../../../src/stores/express-rate-limit/index.ts'
import type { FakeClock } from '../../../src/tools/testing/index.ts'

const RealDate = Date

/** Lets `new Date()` and `Date.now()` read a clock, until {@link readDatesFromSystem}. */
export function readDatesFrom(clock: Pick<FakeClock, 'now'>): void {
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number]) {
      super(given[0] ?? clock.now())
    }
    static override now(): number {
      return clock.now()
    }
  } as DateConstructor
}

export function readDatesFromSystem(): void {
  globalThis.Date = RealDate
}

/** The memory store of express-rate-limit, which reads `Date`, on a clock that a test can turn. */
export function memoryStoreOnClock(clock: FakeClock): Store {
  readDatesFrom(clock)
  return fromExpressRateLimitStore(new MemoryStore())
}
