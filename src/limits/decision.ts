/** Where one limit of a charge stands after the decision. Plain numbers, never a live counter. */
export interface LimitState {
  /** The name of the limit. */
  readonly name: string
  /** Units in all. */
  readonly limit: number
  /** Units left after this decision, a whole number of at least 0. */
  readonly remaining: number
  /**
   * Milliseconds from now, never a date: for a window, until it ends; where nothing is left, until the
   * next unit can be had.
   */
  readonly resetMs: number
}

/**
 * Entitles its holder to give back exactly one charge, in exactly the window in which it was taken.
 *
 * What a receipt holds is the business of the store that wrote it; to everybody else it is an object.
 */
export type Receipt = object

/** What a store answers to a charge: a fresh object of plain numbers. */
export interface Decision {
  /** Whether all limits admit the charge. */
  readonly allowed: boolean
  /** Milliseconds after which the same charge can be admitted; 0 when it is allowed now. */
  readonly retryAfterMs: number
  /** One state for each limit of the charge, in the charge's order. */
  readonly limits: readonly LimitState[]
  /** Present when the charge was taken and can be refunded. */
  readonly receipt?: Receipt
}

/** The limit that a client will hit first: the fewest units left, then the longest time to wait. */
export function tighter(one: LimitState, other: LimitState): LimitState {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other
  return one.resetMs >= other.resetMs ? one : other
}
