import type { Store } from '../../../src/stores/store.ts'
import { type FakeClock, storeConformance } from '../../../src/tools/testing/index.ts'

/** A case that the suite registered. */
export interface RegisteredCase {
  /** The titles of the suites around it, the outermost first. */
  readonly headings: readonly string[]
  readonly title: string
  readonly test: () => Promise<void>
}

/** The headings and the title of a case, without the heading of the whole suite. */
export function nameOf({ headings, title }: RegisteredCase): string {
  return [...headings.slice(1), title].join(' > ')
}

/** Registers the suite for a store, and returns its cases without running them. */
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

/** Runs cases one after another. Returns those that failed, each with the text of its error. */
export async function failuresOf(
  cases: readonly RegisteredCase[],
): Promise<ReadonlyMap<RegisteredCase, string>> {
  const failures = new Map<RegisteredCase, string>()
  for (const registered of cases) {
    await registered.test().catch((error: unknown) => failures.set(registered, String(error)))
  }
  return failures
}
