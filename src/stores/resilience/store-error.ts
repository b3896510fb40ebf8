import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { StoreFailureKind } from '../../events/channels.ts'

/** The error of this library for anything that a store threw. */
export function storeFailedError(error: unknown): RateLimiterError {
  if (error instanceof RateLimiterError) return error
  return new RateLimiterError({
    code: 'store_failed',
    problem: `the store failed: ${messageOf(error)}`,
    remedy: 'Look at the store and its logs.',
    cause: error,
  })
}

/**
 * The error of a store that did not answer before the deadline.
 *
 * @param problem why, if the store knows it
 */
export function storeTimeoutError(deadlineMs: number, problem?: Error): RateLimiterError {
  const reason = problem === undefined ? '' : `: ${messageOf(problem)}`
  return new RateLimiterError({
    code: 'store_timeout',
    problem: `the store did not answer within ${deadlineMs} ms${reason}`,
    remedy: 'Look at the store and its network, or raise storeDeadlineMs.',
    ...(problem === undefined ? undefined : { cause: problem }),
  })
}

/** The error of a call that the circuit breaker keeps from the store. */
export function circuitOpenError(lastError: RateLimiterError | undefined): RateLimiterError {
  // A closed store is a mistake of the program, and the circuit breaker must not hide it.
  if (lastError?.code === 'closed') return lastError
  const reason = lastError === undefined ? '' : `: ${messageOf(lastError.cause ?? lastError.code)}`
  return new RateLimiterError({
    code: 'store_failed',
    problem: `the circuit breaker is open, because the store failed several times in a row${reason}`,
    remedy: 'Look at the store and its logs.',
    cause: lastError,
  })
}

/** The failure of a store that answered an invalid decision. */
export class InvalidDecision extends Error {
  /** @param problem what `invalidityOf` returns. The message puts "it" before it. */
  constructor(problem: string) {
    super(`it ${problem}`)
  }
}

/** The kind of failure of an error from {@link storeFailedError} or {@link storeTimeoutError}. */
export function failureKind({ code, cause }: RateLimiterError): StoreFailureKind {
  if (code === 'store_timeout') return 'timeout'
  return cause instanceof InvalidDecision ? 'invalid_decision' : 'error'
}

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error)
    // A TimeoutError of node-redis has no message.
    return String(error.message === '' ? error.constructor.name : error.message)
  } catch {
    return 'the thrown value has no text'
  }
}
