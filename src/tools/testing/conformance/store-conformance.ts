import type { AlgorithmName } from '../../../limits/limit.ts'
import { LEAST_CAPABILITIES, type Store } from '../../../stores/store.ts'
import { FakeClock } from '../fake-clock.ts'
import { banCases } from './ban-cases.ts'
import { blockCases } from './block-cases.ts'
import { clockCases } from './clock-cases.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { countingCases } from './counting-cases.ts'
import { fixedWindowCases } from './fixed-window-cases.ts'
import { keyCases } from './key-cases.ts'
import { lifeCases } from './life-cases.ts'
import { receiptCases } from './receipt-cases.ts'
import { refusalCases } from './refusal-cases.ts'
import { severalLimitsCases } from './several-limits-cases.ts'
import { slidingWindowCases } from './sliding-window-cases.ts'
import { Subject } from './subject.ts'
import { tokenBucketCases } from './token-bucket-cases.ts'

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

/** What is run for each algorithm that a store declares. */
const GENERAL: readonly ConformanceGroup[] = [countingCases, clockCases, receiptCases, severalLimitsCases]

/** What is run for one algorithm only. */
const SPECIAL: Readonly<Record<AlgorithmName, ConformanceGroup>> = {
  'fixed-window': fixedWindowCases,
  'sliding-window': slidingWindowCases,
  'token-bucket': tokenBucketCases,
}

/** What no algorithm has a part in. */
const ONCE: readonly ConformanceGroup[] = [keyCases, refusalCases, banCases, blockCases, lifeCases]

/**
 * Registers the tests that every store must pass: those about counting under the name of each algorithm that
 * the store declares, those about keys, bans and closing once. What a store does not have (no `peek`, no
 * `refund`, one limit only, no bans) is not tested; the names of the tests tell what was.
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
  const sample = create(new FakeClock())
  const { algorithms } = sample.capabilities ?? LEAST_CAPABILITIES
  const casesOf = (groups: readonly ConformanceGroup[]): readonly ConformanceCase[] =>
    groups.flatMap((group) => group(sample))
  const register = (cases: readonly ConformanceCase[], about: readonly AlgorithmName[]): void => {
    for (const { title, run } of cases) it(title, () => runOn(new Subject(create, about), run))
  }
  describe(name, () => {
    for (const algorithm of algorithms) {
      describe(algorithm, () => register(casesOf([...GENERAL, SPECIAL[algorithm]]), [algorithm]))
    }
    const mixed = algorithms.length > 1 ? severalLimitsCases(sample) : []
    if (mixed.length > 0) describe('several algorithms', () => register(mixed, algorithms))
    register(casesOf(ONCE), algorithms)
  })
  void sample.close?.()
}

async function runOn(subject: Subject, run: ConformanceCase['run']): Promise<void> {
  try {
    await run(subject)
  } finally {
    await subject.store.close?.()
  }
}
