import type { MemoryStoreStats } from '../../stores/memory/memory-store.ts'
import type { Store } from '../../stores/store.ts'

/**
 * What a memory store says of itself, or undefined of any other store. Told by what it has, not by its class: there
 * may be another copy of this library (ESM beside CommonJS, say).
 */
export function memoryStatsOf(
  store: Store & { readonly stats?: () => Partial<MemoryStoreStats> | undefined },
): Pick<MemoryStoreStats, 'keys' | 'unexpiredEvictions'> | undefined {
  if (typeof store.stats !== 'function') return undefined
  const { keys, unexpiredEvictions } = store.stats() ?? {}
  return typeof keys === 'number' && typeof unexpiredEvictions === 'number'
    ? { keys, unexpiredEvictions }
    : undefined
}
