import type { Limit } from '../../src/limits/limit.ts'

/** A fixed window of `limit` units in `windowMs`. */
export function someLimit(limit: number, windowMs: number, name = 'read'): Limit {
  return { name, limit, windowMs, ttlMs: windowMs + 30_000, burst: limit, algorithm: 'fixed-window' }
}
