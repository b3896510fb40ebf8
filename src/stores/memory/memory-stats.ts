/** The figures of a `MemoryStore`. The last two count from the creation of the store. */
export interface MemoryStoreStats {
  /** Keys remembered at present, including expired keys that are not removed yet. */
  readonly keys: number
  readonly maxKeys: number
  /** Bytes of memory that the keys take. */
  readonly bytes: number
  /** Keys forgotten before they expired, to make room for new clients. Each may have got its quota again. */
  readonly unexpiredEvictions: number
  /** Charges of new clients for which there was no room. These clients share a quota. */
  readonly overflowed: number
}

const FIGURES: readonly (keyof MemoryStoreStats)[] = [
  'keys',
  'maxKeys',
  'bytes',
  'unexpiredEvictions',
  'overflowed',
]

/**
 * The figures of a memory store, or undefined for any other store. A memory store is recognised by its
 * `stats()`, not by its class, because it may belong to another copy of this library (CommonJS beside ESM).
 */
export function memoryStatsOf(store: unknown): MemoryStoreStats | undefined {
  const { stats } = Object(store) as { readonly stats?: unknown }
  if (typeof stats !== 'function') return undefined
  // The `stats()` of any other store may return anything.
  const given = Object(stats.call(store)) as MemoryStoreStats
  if (FIGURES.some((name) => typeof given[name] !== 'number')) return undefined
  const { keys, maxKeys, bytes, unexpiredEvictions, overflowed } = given
  return { keys, maxKeys, bytes, unexpiredEvictions, overflowed }
}
