import type { Store } from '../../../src/stores/store.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'

/** One case as the suite registered it. */
export interface RegisteredCase {
  /** The headings that it stands under, from the outermost. */
  readonly headings: readonly string[]
  readonly title: string
  readonly test: () => Promise<void>
}

/** What a case is called below the heading of the suite. */
export function nameOf({ headings, title }: RegisteredCase): string {
  return [...headings.slice(1), title].join(' > ')
}

/** Collects the cases of the suite for a store, with a runner that runs nothing. */
export function registeredCases(
  create: (clock: FakeClock) => Store,
  name?: string,
): readonly RegisteredCase[] {
  const cases: RegisteredCase[] = []
  let headings: readonly string[] = []
  storeConformance({
    ...(name === undefined ? {} : { name }),
    describe: (heading, suite) => {
      const outer = headings
      headings = [...outer, heading]
      suite()
      headings = outer
    },
    it: (title, test) => cases.push({ headings, title, test }),
    create,
  })
  return cases
}

/** Runs cases one after another; answers those that failed, each with its message. */
export async function failuresOf(
  cases: readonly RegisteredCase[],
): Promise<ReadonlyMap<RegisteredCase, string>> {
  const failures = new Map<RegisteredCase, string>()
  for (const one of cases) await one.test().catch((error: unknown) => failures.set(one, String(error)))
  return failures
}
