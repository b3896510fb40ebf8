/** The state of one limit of a charge after the decision: plain numbers that do not change later. */
export interface LimitState {
  /** The name of the limit. */
  readonly name: string
  /** The units of the limit. For a token bucket, the units that it holds when it is full. */
  readonly limit: number
  /** Units left after this decision: a whole number of at least 0. 0 while the client is banned. */
  readonly remaining: number
  /**
   * Milliseconds from now (never a date) in which the client may use at most `remaining` units.
   *
   * - Fixed window, calendar window: until the window ends.
   * - Sliding window: until the oldest units come back. While the client owes units, until one unit is left.
   * - Token bucket: the time that it takes to regain `remaining` units. If nothing remains, or too little for
   *   the charge, the time until the next unit comes back.
   *
   * While the client is banned: the time until it can be allowed again.
   */
  readonly resetMs: number
}

/**
 * The right to settle exactly one charge, in exactly the window in which the charge was taken.
 *
 * Only the store that created a receipt interprets it. Everyone else treats it as an object.
 */
export type Receipt = object

/** The ban of a client. */
export interface Ban {
  /** Milliseconds until the ban ends. */
  readonly endsInMs: number
  /** Whether the refusal of this charge started the ban. */
  readonly isNew: boolean
}

/** A store's answer to a charge: a new object of plain numbers. */
export interface Decision {
  /** Whether all limits allow the charge. */
  readonly allowed: boolean
  /** Milliseconds after which the same charge can be allowed. 0 if it is allowed now. */
  readonly retryAfterMs: number
  /** One state for each limit of the charge, in the order of the charge. */
  readonly limits: readonly LimitState[]
  /**
   * Milliseconds until the same charge could be taken once more. Present if the charge was taken and could
   * not be taken again at once.
   *
   * If another limiter refuses the same request later, its `Retry-After` header takes this time into account.
   * A store may leave it out. Then the limiter uses the `resetMs` of the limits with too few units left.
   */
  readonly repeatAfterMs?: number | undefined
  /** Present while the client is banned. Then the charge is refused. */
  readonly ban?: Ban | undefined
  /** Present if the charge was taken and can be settled. */
  readonly receipt?: Receipt | undefined
}

/** The limit with fewer units left. If both have the same units left, the limit with the longer wait. */
export function tighter(one: LimitState, other: LimitState): LimitState {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other
  return one.resetMs >= other.resetMs ? one : other
}

/** The tightest limit of a decision. There must be at least one. */
export function tightestOf(states: readonly LimitState[]): LimitState {
  // Fast path: most decisions have one limit, and most requests call this function twice.
  const [first] = states
  return states.length === 1 && first !== undefined ? first : states.reduce(tighter)
}
