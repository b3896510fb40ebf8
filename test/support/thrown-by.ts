import { documentedAt } from '../../src/errors/documented-at.ts'
import { RateLimiterError } from '../../src/errors/rate-limiter-error.ts'

/** The RateLimiterError that `work` throws, with the message that {@link withoutAddress} leaves. */
export function thrownBy(work: () => unknown): RateLimiterError {
  try {
    work()
  } catch (error) {
    if (error instanceof RateLimiterError) return withoutAddress(error)
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The RateLimiterError with which `promise` is rejected, with the message that {@link withoutAddress} leaves. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<RateLimiterError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof RateLimiterError) return withoutAddress(error)
    throw error
  }
  throw new Error('the promise was not rejected')
}

/**
 * Checks that the message of an error ends with the address of its entry in the documentation, and takes the address
 * off, so that a test compares what stands before it.
 */
export function withoutAddress(error: RateLimiterError): RateLimiterError {
  if (checked.has(error)) return error
  checked.add(error)
  error.message = textBeforeAddress(error.code, error.message)
  return error
}

/** Errors without their address. One error can be thrown several times. */
const checked = new WeakSet<RateLimiterError>()

/** What stands before the address of a code in a text. It throws if the text does not end with that address. */
export function textBeforeAddress(code: string, text: string): string {
  const end = documentedAt(code)
  if (text.endsWith(end)) return text.slice(0, -end.length).trimEnd()
  throw new Error(`does not end with the address of ${code}: ${text}`)
}
