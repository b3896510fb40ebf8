import { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/** Options of {@link auditRoutes}. */
export interface AuditOptions {
  /** Counts a limiter with a `skip` function as if it skipped nobody. Default: false, "not proven". */
  readonly trustSkip?: boolean
}

/** Refuses options that do not exist, and anything but a boolean for the switches among them. */
export function checkOptions(
  options: object,
  switches: readonly string[],
  others: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new RateLimiterError({
      code: 'invalid_option',
      option: 'options',
      value: options,
      problem: 'must be an object',
      remedy: 'Leave it out or pass an object.',
    })
  }
  for (const [option, value] of Object.entries(options)) {
    if (others.includes(option)) continue
    if (!switches.includes(option)) {
      const known = [...others, ...switches].join(', ')
      const remedy = `The options here are: ${known}.`
      throw new RateLimiterError({ code: 'unknown_option', option, value, problem: 'is no option', remedy })
    }
    if (value !== undefined && typeof value !== 'boolean') {
      const remedy = 'Pass true or false, or leave it out.'
      throw new RateLimiterError({
        code: 'invalid_option',
        option,
        value,
        problem: 'must be a boolean',
        remedy,
      })
    }
  }
}
