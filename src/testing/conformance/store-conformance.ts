import type { Store } from '../../stores/store.ts'
import type { FakeClock } from '../fake-clock.ts'
import { clockCases } from './clock-cases.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { countingCases } from './counting-cases.ts'
import { keyCases } from './key-cases.ts'
import { lifeCases } from './life-cases.ts'
import { receiptCases } from './receipt-cases.ts'
import { severalLimitsCases } from './several-limits-cases.ts'
import { Subject } from './subject.ts'

/** The two functions of a test runner that the suite needs; those of vitest, Jest and node:test fit. */
export interface ConformanceRunner {
  readonly describe: (name: string, suite: () => void) => unknown
  readonly it: (name: string, test: () => Promise<void>) => unknown
}

/** What is tested, and with what. */
export interface ConformanceOptions extends ConformanceRunner {
  /** Heads the suite. Default: `store conformance`. */
  readonly name?: string
  /** Makes an empty store that reads its time from `clock`; called once for each test. */
  readonly create: (clock: FakeClock) => Store
}

/**
 * Registers the tests that every store must pass. What a store does not have (no `peek`, no `refund`, one
 * limit only) is not tested; the names of the tests tell what was.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * import { storeConformance } from 'express-tollgate/testing'
 *
 * storeConformance({ describe, it, create: (clock) => new MyStore({ clock }) })
 * ```
 */
export function storeConformance({
  name = 'store conformance',
  describe,
  it,
  create,
}: ConformanceOptions): void {
  const sample = new Subject(create).store
  const cases = [countingCases, clockCases, keyCases, receiptCases, severalLimitsCases, lifeCases]
    .flatMap((group) => group(sample))
    .filter((entry): entry is ConformanceCase => entry !== undefined)
  void sample.close?.()
  describe(name, () => {
    for (const { title, run } of cases) it(title, () => runOn(new Subject(create), run))
  })
}

async function runOn(subject: Subject, run: ConformanceCase['run']): Promise<void> {
  try {
    await run(subject)
  } finally {
    await subject.store.close?.()
  }
}
