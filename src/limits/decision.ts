/** Where one limit of a charge stands after the decision. Plain numbers, never a live counter. */
export interface LimitState {
  /** The name of the limit. */
  readonly name: string
  /** Units in all; of a token bucket, what it holds. */
  readonly limit: number
  /** Units left after this decision, a whole number of at least 0; 0 while the client is banned. */
  readonly remaining: number
  /**
   * Milliseconds from now, never a date, in which no more than `remaining` may be used. Fixed window: until it
   * ends. Sliding window: until the oldest units come back. Token bucket: as long as it takes to regain what
   * remains; where nothing does, or too little for the charge, until the next unit comes back. While the
   * client is banned: until it can be admitted.
   */
  readonly resetMs: number
}

/**
 * Entitles its holder to give back exactly one charge, in exactly the window in which it was taken.
 *
 * What a receipt holds is the business of the store that wrote it; to everybody else it is an object.
 */
export type Receipt = object

/** The ban of a client. */
export interface Ban {
  /** Milliseconds until it ends. */
  readonly endsInMs: number
  /** Whether this very refusal brought it about. */
  readonly isNew: boolean
}

/** What a store answers to a charge: a fresh object of plain numbers. */
export interface Decision {
  /** Whether all limits admit the charge. */
  readonly allowed: boolean
  /** Milliseconds after which the same charge can be admitted; 0 when it is allowed now. */
  readonly retryAfterMs: number
  /** One state for each limit of the charge, in the charge's order. */
  readonly limits: readonly LimitState[]
  /**
   * Present when the charge was taken and the same one could not be taken at once: milliseconds until it
   * could. For the `Retry-After` of another limiter that refuses the request further on. A store may leave it
   * out; then the `resetMs` of the limits with too little left stand in for it.
   */
  readonly repeatAfterMs?: number
  /** Present while the client is banned; the charge is refused then. */
  readonly ban?: Ban
  /** Present when the charge was taken and can be refunded. */
  readonly receipt?: Receipt
}

/** The limit that a client will hit first: the fewest units left, then the longest time to wait. */
export function tighter(one: LimitState, other: LimitState): LimitState {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other
  return one.resetMs >= other.resetMs ? one : other
}

/** The tightest of the limits of a decision, of which there is at least one. */
export function tightestOf(states: readonly LimitState[]): LimitState {
  // Most have one, and most requests ask twice.
  const [first] = states
  return states.length === 1 && first !== undefined ? first : states.reduce(tighter)
}
