import type { Store } from '../../src/stores/store.ts'
import { type FakeClock, storeConformance } from '../../src/testing/index.ts'

/** What the suite says of a store. */
export interface ConformanceRun {
  readonly name: string
  /** Titles of all cases that were registered. */
  readonly titles: readonly string[]
  /** Titles of the cases that failed, each with its message. */
  readonly failures: ReadonlyMap<string, string>
}

/** Runs the suite with a runner that collects, instead of one that reports. */
export async function runConformance(
  create: (clock: FakeClock) => Store,
  name?: string,
): Promise<ConformanceRun> {
  const tests: [title: string, test: () => Promise<void>][] = []
  let heading = ''
  storeConformance({
    ...(name === undefined ? {} : { name }),
    describe: (suiteName, suite) => {
      heading = suiteName
      suite()
    },
    it: (title, test) => tests.push([title, test]),
    create,
  })
  const failures = new Map<string, string>()
  for (const [title, test] of tests) {
    await test().catch((error: unknown) => failures.set(title, String(error)))
  }
  return { name: heading, titles: tests.map(([title]) => title), failures }
}
