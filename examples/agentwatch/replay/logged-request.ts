/** A request as an access log remembers it. */
export interface LoggedRequest {
  /** The client's address, IPv4 or IPv6. */
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly method: string
  /** Path and query, as they were sent. */
  readonly target: string
  /** Absent where the log does not tell. */
  readonly status?: number
}

/** What a line holds: a request, or the reason why none can be read from it. */
export type LoggedLine = LoggedRequest | { readonly unreadable: string }
