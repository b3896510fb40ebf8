import type { Store } from '../../../../src/stores/store.ts'
import type { FakeClock } from '../../../../src/tools/testing/index.ts'

/** A store with one mistake, and the cases of the suite that must find it. */
export interface BrokenStore {
  /** Completes the sentence "the conformance suite finds a store that ...". */
  readonly mistake: string
  readonly Store: new (clock: FakeClock) => Store
  /** Titles of cases. All cases with these titles must fail. */
  readonly foundBy: readonly string[]
}

export function broken(
  mistake: string,
  Store: new (clock: FakeClock) => Store,
  ...foundBy: readonly string[]
): BrokenStore {
  return { mistake, Store, foundBy }
}
