/** What a store of express-rate-limit answers about a client. */
export interface CountedHits {
  /** The hits in the present window. */
  readonly totalHits: number
  /** When the window ends. Undefined if the store does not know it. */
  readonly resetTime: Date | undefined
}

/** What every store of express-rate-limit has. */
export interface HitStore {
  /** Takes one hit back. */
  decrement(key: string): unknown
  /** Forgets a client. */
  resetKey(key: string): unknown
  /** Forgets all clients. */
  resetAll?(): unknown
}

/** A store written for express-rate-limit 6, 7 or 8. */
export interface CountingStore extends HitStore {
  /** Called once, with the length of the window in milliseconds. */
  init?(options: { readonly windowMs: number }): unknown
  /** Adds one hit. */
  increment(key: string): CountedHits | Promise<CountedHits>
  /** The hits of a client, with none added. */
  get?(key: string): CountedHits | undefined | Promise<CountedHits | undefined>
  /** Frees timers and connections. */
  shutdown?(): unknown
  /** Whether the counters are in this process only. */
  readonly localKeys?: boolean | undefined
}

/** A store written for express-rate-limit 5 or earlier. It has a callback, and its own setting for the window. */
export interface CallbackStore extends HitStore {
  /** Adds one hit. */
  incr(
    key: string,
    callback: (error: Error | undefined, totalHits: number, resetTime: Date | undefined) => void,
  ): unknown
}
