import type { MemoryStoreStats } from './memory-store.ts'

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
