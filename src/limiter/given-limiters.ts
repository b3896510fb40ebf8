import { rejectOption } from '../errors/option-checks.ts'
import { describeLimiter } from '../limits/limiter-description.ts'
import type { RateLimiter } from './rate-limiter.ts'

/**
 * The limiters of an argument that takes one or several, without duplicates.
 *
 * @throws RateLimiterError `invalid_option` for anything else
 */
export function givenLimiters<Part extends Partial<RateLimiter>>(
  limiters: Part | readonly Part[],
): readonly Part[] {
  const given: readonly Part[] = [limiters].flat() as readonly Part[]
  if (given.length > 0 && given.every(isLimiter)) return [...new Set(given)]
  return rejectOption(
    'limiters',
    limiters,
    'takes one or more limiters',
    'Give a limiter that createRateLimiter() returned, or an array of at least one limiter.',
  )
}

function isLimiter(candidate: unknown): boolean {
  return describeLimiter(candidate) !== undefined && typeof Object(candidate).health === 'function'
}
