import { describe } from 'vitest'

/** What `describe.skipIf` returns: `describe`, or one that skips. */
export type DescribeSuite = ReturnType<typeof describe.skipIf>

/**
 * `describe` for tests that need a program. Without it they are skipped, and a message names what to install. `.ci/run`
 * fails where a test was skipped.
 *
 * @param reason why the tests are skipped; undefined if they are not
 */
export function describeUnless(reason: string | undefined): DescribeSuite {
  if (reason !== undefined) console.warn(reason)
  return describe.skipIf(reason !== undefined)
}
