import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'

/** The RateLimiterError that `work` throws. */
export function thrownBy(work: () => unknown): RateLimiterError {
  try {
    work()
  } catch (error) {
    if (error instanceof RateLimiterError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The RateLimiterError with which `promise` is rejected. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<RateLimiterError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof RateLimiterError) return error
    throw error
  }
  throw new Error('the promise was not rejected')
}
