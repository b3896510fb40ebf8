import type { LimitState } from '../limits/decision.ts'
import type { Limit } from '../limits/limit.ts'
import type { HeaderDescription } from '../limits/limiter-description.ts'

/** The part of a response that holds headers; `http.ServerResponse` fits. */
export interface HeaderTarget {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string): unknown
}

/** The values that a format can write for one request. */
export interface HeaderValues {
  /** The states of the limits, in the order of the limits. */
  readonly states: readonly LimitState[]
  /** The tightest state that any limiter has shown in this format on this request. */
  readonly tightest: LimitState
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** A set of headers that show a client its limits. Each draft has a file of its own. */
export interface HeaderFormat {
  readonly name: string
  /**
   * Formats of one dialect can be mixed in one field. Undefined if no other format writes the same fields.
   */
  readonly dialect?: string
  /** The fields that it writes, for the documentation of an API. */
  readonly fields: readonly HeaderDescription[]
  /** The fields where limits count another unit than requests; absent if they are the same. */
  readonly fieldsWithUnit?: readonly HeaderDescription[]
  /**
   * Writes the limits, even while the store fails. Does nothing in a format without such a field.
   *
   * @param unit what the limits count, always the same for one array of limits
   * @param nowMs milliseconds since the epoch, on which the length of a calendar window depends
   */
  writePolicy(target: HeaderTarget, limits: readonly Limit[], unit: string, nowMs: number): void
  /** Writes the states of the limits. */
  writeState(target: HeaderTarget, values: HeaderValues): void
}

/** Adds members to a list-valued field, after the members that earlier middleware has set. */
export function appendToList(target: HeaderTarget, name: string, members: string): void {
  const present = target.getHeader(name)
  // A field without a value is a list without members.
  const isEmpty = present === undefined || String(present) === ''
  target.setHeader(name, isEmpty ? members : `${present}, ${members}`)
}
