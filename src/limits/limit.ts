/** How a limit counts. */
export type AlgorithmName = 'fixed-window' | 'sliding-window' | 'token-bucket'

/**
 * One limit, compiled: at most `limit` units in `windowMs`, counted by one algorithm.
 *
 * Limits are compiled once when the limiter is created, so a store may compare them by identity and
 * remember what it derived from them.
 */
export interface Limit {
  /** Unique among the limits of a charge; appears in the draft headers. */
  readonly name: string
  /** Units, a whole number from 1 to 999,999,999,999,999 (15 digits, the most RFC 9651 allows). */
  readonly limit: number
  /** Length of the window in milliseconds, a whole number of at least 1; a bucket regains `limit` units in it. */
  readonly windowMs: number
  /** How long after its last charge a client is remembered, in milliseconds; never below the quota's window. */
  readonly ttlMs: number
  /** Units that can be taken at once: the capacity. Equals `limit` for windows. */
  readonly burst: number
  readonly algorithm: AlgorithmName
}

/** The most units a limit may have: integers in a structured field have at most 15 digits (RFC 9651, 3.3.1). */
export const LARGEST_LIMIT = 999_999_999_999_999

/** So many units in so long: what a client is told of a limit. */
export interface Quota {
  readonly units: number
  /** Milliseconds. */
  readonly windowMs: number
}

/**
 * A limit as a client can use it. For a window that is the limit itself. Of a token bucket it is what the
 * bucket holds, in the time that it takes to fill: the same rate, and never less than what is available.
 */
export function quotaOf({ limit, windowMs, burst }: Pick<Limit, 'limit' | 'windowMs' | 'burst'>): Quota {
  return { units: burst, windowMs: burst === limit ? windowMs : (windowMs * burst) / limit }
}
