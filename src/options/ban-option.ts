import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { BanRule } from '../limits/ban.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { ClassPolicies } from './class-policies.ts'
import type { BanOptions } from './rate-limiter-options.ts'
import { windowToMs } from './window-option.ts'

const NAMES = ['after', 'withinSec', 'forSec'] as const

/** Compiles `ban`; undefined if refusals never lead to a ban. */
export function parseBan(
  ban: BanOptions | undefined,
  { read, write }: ClassPolicies<never, never>,
): BanRule | undefined {
  if (ban === undefined) return undefined
  if (read === false && write === false) {
    throw new RateLimiterError({
      code: 'impossible_combination',
      option: 'ban',
      problem: 'has no effect if neither reads nor writes are limited',
      remedy: 'Leave it out, or limit one of them.',
    })
  }
  const options = checkNames('ban', ban, NAMES)
  for (const name of NAMES) {
    if (options[name] === undefined) {
      rejectOption('ban', ban, `lacks ${name}`, 'Give { after: 10, withinSec: 60, forSec: 3600 }.')
    }
  }
  const after = checkWholeNumber('ban.after', options.after, 1, LARGEST_LIMIT)
  const windowMs = windowToMs('ban.withinSec', options.withinSec)
  const forMs = windowToMs('ban.forSec', options.forSec)
  return {
    refusals: {
      name: 'refusals',
      limit: after,
      burst: after,
      windowMs,
      ttlMs: windowMs,
      algorithm: 'sliding-window',
    },
    forMs,
  }
}
