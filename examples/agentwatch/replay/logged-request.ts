/** A request as an access log records it. */
export interface LoggedRequest {
  /** The client's address, IPv4 or IPv6. */
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
}

/** The request of a line, or the reason why the line is unreadable. */
export type LoggedLine = LoggedRequest | { readonly unreadable: string }
