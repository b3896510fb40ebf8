import type { LogEntry } from './log-entry.ts'
import type { LogTimeParser } from './log-time.ts'
import type { RequestParts } from './request-parts.ts'
import type { TextPool } from './text-pool.ts'

/** What a line parser keeps from line to line. */
export interface LineParserState {
  readonly times: LogTimeParser
  readonly texts: TextPool
  /** The field that holds X-Forwarded-For, where it has an unusual name. */
  readonly forwardedField: string | undefined
}

/** The parts of a line, cut from it. */
interface EntryParts {
  readonly address: string
  readonly forwarded: string | undefined
  readonly timeMs: number
  readonly request: RequestParts
  readonly status: number | undefined
}

export function createEntry(
  { address, forwarded, timeMs, request, status }: EntryParts,
  { texts }: LineParserState,
): LogEntry {
  return {
    address: texts.copyOf(address),
    forwarded: forwarded === undefined ? undefined : texts.copyOf(forwarded),
    timeMs,
    method: request.method,
    target: request.target,
    status,
  }
}
