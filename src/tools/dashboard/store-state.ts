import type { MemoryStoreStats } from '../../stores/memory/memory-store.ts'
import type { StoreHealth } from '../../stores/resilience/store-health.ts'
import type { WatchedLimiter } from './dashboard-options.ts'

/** How a limiter's store is, for the page. */
export interface HealthState {
  readonly state: StoreHealth['state']
  /** When that began: milliseconds since the epoch. */
  readonly sinceMs: number
  /** The code of the last failure. Not its message, which may quote a key of the store, and so a client. */
  readonly lastError: string | undefined
  readonly lateReplies: number
}

/** What a memory store has come to. */
export type StoreState = MemoryStoreStats

const FIGURES = ['keys', 'maxKeys', 'bytes', 'unexpiredEvictions', 'overflowed'] as const

export function healthState({ health }: Pick<WatchedLimiter, 'health'>): HealthState {
  const { state, since, lastError, lateReplies } = health()
  return { state, sinceMs: since.getTime(), lastError: lastError?.code, lateReplies }
}

/** The figures of the store, where it is one that has them. */
export function storeState(limiter: object): StoreState | undefined {
  const { store } = limiter as { store?: { stats?: () => unknown } }
  if (typeof store?.stats !== 'function') return undefined
  const stats = Object(store.stats()) as Record<string, unknown>
  // A store of somebody else's may call anything stats.
  if (FIGURES.some((name) => typeof stats[name] !== 'number')) return undefined
  const { keys, maxKeys, bytes, unexpiredEvictions, overflowed } = stats as unknown as StoreState
  return { keys, maxKeys, bytes, unexpiredEvictions, overflowed }
}
