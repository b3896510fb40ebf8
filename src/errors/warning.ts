import { documentedAt } from './documented-at.ts'

/** The codes of the warnings, for `node --disable-warning=CODE` and for programs. */
export type RateLimiterWarningCode =
  | 'TOLLGATE_WINDOW_LOOKS_LIKE_MS'
  | 'TOLLGATE_CREATED_IN_REQUEST'
  | 'TOLLGATE_UNTRUSTED_FORWARDED_HEADER'
  | 'TOLLGATE_PERMISSIVE_TRUST_PROXY'
  | 'TOLLGATE_CLIENT_NOT_NAMED'
  | 'TOLLGATE_UNKNOWN_PEER'
  | 'TOLLGATE_UNGROUPED_IPV6_KEY'
  | 'TOLLGATE_NAME_SHARED'
  | 'TOLLGATE_COUNTER_CHARGED_TWICE'
  | 'TOLLGATE_WORKER_COUNTS_ALONE'
  | 'TOLLGATE_STORE_FAILED'
  | 'TOLLGATE_STORE_RECOVERED'
  | 'TOLLGATE_STORE_NOT_LOADED'
  | 'TOLLGATE_STORE_NOT_SAVED'
  | 'TOLLGATE_REFUND_FAILED'
  | 'TOLLGATE_BAN_FAILED'
  | 'TOLLGATE_GUARD_FAILED'
  | 'TOLLGATE_COUNTERS_DROPPED'

/**
 * Emits a process warning. Node prints it, and below it the address of its entry in the documentation; its code can be
 * disabled, and `process.on('warning')` gets it. The message must not contain a client key.
 */
export function warn(code: RateLimiterWarningCode, message: string): void {
  process.emitWarning(message, { type: 'RateLimiterWarning', code, detail: documentedAt(code) })
}
