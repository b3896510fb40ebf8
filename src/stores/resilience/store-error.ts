import { isRateLimiterError, RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { StoreFailureKind } from '../../events/channels.ts'

/** What a store threw, as an error of this library. */
export function storeFailed(error: unknown): RateLimiterError {
  if (error instanceof RateLimiterError) return error
  // An error of another copy is no instance of ours, and only this one is thrown on as it is.
  if (isRateLimiterError(error) && error.code === 'closed') return error
  return new RateLimiterError({
    code: 'store_failed',
    problem: `the store failed: ${messageOf(error)}`,
    remedy: 'Look at the store and its logs.',
    cause: error,
  })
}

/** The error of a store that kept a limiter waiting. */
export function storeLate(deadlineMs: number): RateLimiterError {
  return new RateLimiterError({
    code: 'store_timeout',
    problem: `the store did not answer within ${deadlineMs} ms`,
    remedy: 'Look at the store and its network, or raise storeDeadlineMs.',
  })
}

/** The error of a store that is not asked, because it failed again and again. */
export function circuitOpen(lastError: RateLimiterError | undefined): RateLimiterError {
  // Nothing to go on after, and no better for being found out less often.
  if (lastError?.code === 'closed') return lastError
  const why = lastError === undefined ? '' : `: ${messageOf(lastError.cause ?? lastError.code)}`
  return new RateLimiterError({
    code: 'store_failed',
    problem: `the store is not asked for a moment, since it failed again and again${why}`,
    remedy: 'Look at the store and its logs.',
    cause: lastError,
  })
}

/** An answer of a store that is no decision. */
export class InvalidDecision extends Error {
  /** @param flaw what is wrong with it, after the word "it" */
  constructor(flaw: string) {
    super(`it ${flaw}`)
  }
}

/** What kind of failure an error of {@link storeFailed} or {@link storeLate} tells of. */
export function failureKind({ code, cause }: RateLimiterError): StoreFailureKind {
  if (code === 'store_timeout') return 'timeout'
  return cause instanceof InvalidDecision ? 'invalid_decision' : 'error'
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'what it threw has no text'
  }
}
