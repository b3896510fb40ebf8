import type { Store } from '../../../../src/stores/store.ts'
import type { FakeClock } from '../../../../src/tools/testing/index.ts'

/** A store with one fault, and the cases of the suite that find it. */
export interface BrokenStore {
  /** Completes "finds a store that". */
  readonly what: string
  readonly Store: new (clock: FakeClock) => Store
  /** Titles; under each there is a case that fails. */
  readonly foundBy: readonly string[]
}

export function broken(
  what: string,
  Store: new (clock: FakeClock) => Store,
  ...foundBy: readonly string[]
): BrokenStore {
  return { what, Store, foundBy }
}
