import type { Ceiling } from './capacity/ceiling.ts'
import type { PruningTimer } from './capacity/pruner.ts'
import type { ClientRows } from './client-cursor.ts'
import type { KeyHash } from './table/key-hash.ts'
import type { WallTime } from './wall-time.ts'

/** What a file keeps of a memory store, and what loading it needs. */
export interface MemoryStoreParts {
  /** Those of the clients and of the shared clients, with one secret. */
  readonly hashes: readonly [KeyHash, KeyHash]
  readonly clients: ClientRows
  /** The shared clients of a full store. */
  readonly overflow: ClientRows
  readonly ceiling: Ceiling
  readonly timer: PruningTimer
  /** The clock as it was given. */
  readonly clock: { now(): number }
  /** Whole milliseconds on that clock. */
  readonly now: () => number
  readonly wallTime: WallTime
  /** Makes the store answer no more charges. */
  readonly stop: () => void
}
