import type { LimitState } from '../limits/decision.ts'
import type { Limit } from '../limits/limit.ts'
import type { HeaderDescription } from '../limits/limiter-description.ts'

/** The part of a response that carries headers; `http.ServerResponse` fits. */
export interface HeaderTarget {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string): unknown
}

/** What a format may say of one request. */
export interface HeaderFacts {
  /** Where the limits stand, in their order. */
  readonly states: readonly LimitState[]
  /** The tightest state that any limiter has shown in this format on this request. */
  readonly tightest: LimitState
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** One way to tell a client about its limits. A new draft is a new file. */
export interface HeaderFormat {
  readonly name: string
  /** Formats of one dialect can share fields; undefined where the fields are the format's own. */
  readonly dialect?: string
  /** What it writes, for documents of an API. */
  readonly fields: readonly HeaderDescription[]
  /** What the limits are; sent even while the store is down. Formats without such a field do nothing. */
  writePolicy(target: HeaderTarget, limits: readonly Limit[]): void
  /** Where the limits stand. */
  writeState(target: HeaderTarget, facts: HeaderFacts): void
}

/** Adds members to a list-valued field, behind those that others on the request's way have set. */
export function appendToList(target: HeaderTarget, name: string, members: string): void {
  const present = target.getHeader(name)
  // A field without a value is a list without members.
  const isEmpty = present === undefined || String(present) === ''
  target.setHeader(name, isEmpty ? members : `${present}, ${members}`)
}
