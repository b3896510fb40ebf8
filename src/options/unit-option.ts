import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import { DEFAULT_UNIT, IN_FLIGHT_UNIT } from '../limits/quota-unit.ts'

/**
 * The form of the units that draft-ietf-httpapi-ratelimit-headers-11 defines: `content-bytes`. The draft sends the unit as
 * a string of RFC 9651, and says nothing of the form of other units.
 */
const UNIT = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const LONGEST_UNIT = 40

const isUnit = (text: string): boolean => UNIT.test(text) && text.length <= LONGEST_UNIT

/** Checks the option `unit`. */
export function parseUnit(unit: unknown): string {
  if (unit === undefined) return DEFAULT_UNIT
  if (unit === IN_FLIGHT_UNIT) {
    throw invalidUnit(
      unit,
      "Use createConcurrencyLimiter() of 'express-tollgate/concurrency' to limit those.",
    )
  }
  if (typeof unit === 'string' && isUnit(unit) && unit !== 'request') return unit
  const nearest = typeof unit === 'string' ? nearestUnit(unit) : undefined
  throw invalidUnit(
    unit,
    `Give lower-case letters, digits and hyphens, at most ${LONGEST_UNIT}, such as 'tokens' or 'content-bytes'.`,
    nearest,
  )
}

function invalidUnit(value: unknown, remedy: string, nearest?: string): RateLimiterError {
  return new RateLimiterError({
    code: 'invalid_option',
    option: 'unit',
    value,
    problem: 'takes the name of what a cost counts, in the plural',
    remedy,
    ...(nearest === undefined ? {} : { nearest }),
  })
}

/** The text in the form of a unit, if that is possible. */
function nearestUnit(text: string): string | undefined {
  const nearest = text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join('-')
  if (nearest === 'request') return DEFAULT_UNIT
  return isUnit(nearest) ? nearest : undefined
}
