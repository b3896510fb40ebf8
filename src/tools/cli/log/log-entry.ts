/** A request as an access log remembers it. */
export interface LogEntry {
  /** Whoever held the other end of the connection: an IPv4 or IPv6 address. */
  readonly address: string
  /** X-Forwarded-For as it was logged; undefined where the log has none. */
  readonly forwarded: string | undefined
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** Undefined where the log does not tell. */
  readonly status: number | undefined
}

/** What a line holds: a request, or the reason why none can be read from it. */
export type ParsedLine = LogEntry | { readonly unreadable: string }

/** A part of a line in a message: printable and short. */
export function shorten(text: string): string {
  const printable = text.slice(0, LONGEST_SHOWN + 1).replace(/[^\x20-\x7e]/g, '?')
  return printable.length <= LONGEST_SHOWN ? printable : `${printable.slice(0, LONGEST_SHOWN - 3)}...`
}

const LONGEST_SHOWN = 60
