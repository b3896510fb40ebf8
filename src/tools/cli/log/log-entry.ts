/** A request as an access log records it. */
export interface LogEntry {
  /** The address of the peer: IPv4 or IPv6. */
  readonly address: string
  /** X-Forwarded-For as it was logged; undefined where the log has none. */
  readonly forwarded: string | undefined
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** Undefined where the log has none. */
  readonly status: number | undefined
}

/** The reason why no request can be read. */
export interface Unreadable {
  readonly unreadable: string
  /** Set where the line is in a known format, but its request is not one that an app would see. */
  readonly inKnownFormat?: true
}

export type ParsedLine = LogEntry | Unreadable

/** A part of a line, printable and short enough for a message. */
export function shorten(text: string): string {
  const printable = text.slice(0, MAX_SHOWN_LENGTH + 1).replace(/[^\x20-\x7e]/g, '?')
  return printable.length <= MAX_SHOWN_LENGTH ? printable : `${printable.slice(0, MAX_SHOWN_LENGTH - 3)}...`
}

const MAX_SHOWN_LENGTH = 60
