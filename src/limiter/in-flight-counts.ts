/** How many requests a limiter of requests in flight has in this process now. */
export interface InFlightCounts {
  /** How many requests hold a place now, in this process. */
  readonly inFlight: number
  /** How many requests wait for a place now, in this process. */
  readonly waiting: number
}
