import type { AlgorithmName } from '../../../limits/limit.ts'
import { LEAST_CAPABILITIES, type Store } from '../../../stores/store.ts'
import { FakeClock } from '../fake-clock.ts'
import { banCases } from './ban-cases.ts'
import { blockCases } from './block-cases.ts'
import { calendarWindowCases } from './calendar-window-cases.ts'
import { clockCases } from './clock-cases.ts'
import { configurationCases } from './configuration-cases.ts'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'
import { countingCases } from './counting-cases.ts'
import { fixedWindowCases } from './fixed-window-cases.ts'
import { keyCases } from './key-cases.ts'
import { lifetimeCases } from './lifetime-cases.ts'
import { receiptCases } from './receipt-cases.ts'
import { refusalCases } from './refusal-cases.ts'
import { severalLimitsCases } from './several-limits-cases.ts'
import { slidingWindowCases } from './sliding-window-cases.ts'
import { TestedStore } from './tested-store.ts'
import { tokenBucketCases } from './token-bucket-cases.ts'

/** The two functions of a test runner that the suite needs. Those of vitest, Jest and node:test fit. */
export interface ConformanceRunner {
  readonly describe: (name: string, suite: () => void) => unknown
  readonly it: (name: string, test: () => Promise<void>) => unknown
}

/** Options of {@link storeConformance}. */
export interface ConformanceOptions extends ConformanceRunner {
  /** The title of the suite. Default: `store conformance`. */
  readonly name?: string | undefined
  /**
   * Creates an empty store that takes the time from `clock`. Called once before the tests, and once for each
   * test.
   */
  readonly create: (clock: FakeClock) => Store
}

/** Run for each algorithm that the store declares. */
const EACH_ALGORITHM: readonly ConformanceGroup[] = [
  countingCases,
  clockCases,
  receiptCases,
  severalLimitsCases,
]

/** Not run for calendar windows, because their windows cannot have any length. */
const ANY_LENGTH: readonly ConformanceGroup[] = [clockCases, severalLimitsCases]

/** Run for one algorithm only. */
const ONE_ALGORITHM: Readonly<Record<AlgorithmName, ConformanceGroup>> = {
  'fixed-window': fixedWindowCases,
  'sliding-window': slidingWindowCases,
  'token-bucket': tokenBucketCases,
  'calendar-window': calendarWindowCases,
}

/** Run once, because they do not depend on the algorithm. */
const NO_ALGORITHM: readonly ConformanceGroup[] = [
  keyCases,
  refusalCases,
  banCases,
  blockCases,
  configurationCases,
  lifetimeCases,
]

/**
 * Registers the tests that every store must pass. The tests of counting are registered for each algorithm that
 * the store declares, below the name of the algorithm. The tests of keys, of bans and of closing are registered
 * once. There are no tests for what a store does not have: `peek`, `settle`, several limits, several algorithms,
 * or bans. The title of a test is the rule that the store must keep.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * import { storeConformance } from 'express-tollgate/testing'
 *
 * storeConformance({ describe, it, create: (clock) => new MyStore({ clock }) })
 * ```
 *
 * @see https://express-tollgate.github.io/express-tollgate/custom-store
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
  const register = (cases: readonly ConformanceCase[], testedAlgorithms: readonly AlgorithmName[]): void => {
    for (const { title, run } of cases)
      it(title, () => runCase(new TestedStore(create, testedAlgorithms), run))
  }
  describe(name, () => {
    for (const algorithm of algorithms) {
      const groups = EACH_ALGORITHM.filter(
        (group) => algorithm !== 'calendar-window' || !ANY_LENGTH.includes(group),
      )
      const cases = casesOf([...groups, ONE_ALGORITHM[algorithm]])
      describe(algorithm, () => register(cases, [algorithm]))
    }
    const mixed = algorithms.length > 1 ? severalLimitsCases(sample) : []
    if (mixed.length > 0) describe('several algorithms', () => register(mixed, algorithms))
    register(casesOf(NO_ALGORITHM), algorithms)
  })
  void sample.close?.()
}

async function runCase(tested: TestedStore, run: ConformanceCase['run']): Promise<void> {
  const close = async (): Promise<void> => tested.store.close?.()
  try {
    await run(tested)
  } catch (error) {
    // The rule that the store broke is reported, and not an error of close().
    await close().catch(() => undefined)
    throw error
  }
  await close()
}
