import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { BanRule } from '../limits/ban.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { BanOptions } from './budget-options.ts'
import { windowToMs } from './window-option.ts'

const NAMES = ['after', 'withinSec', 'forSec'] as const

/** Throws if no refusal can lead to the ban. */
export function checkBanHasEffect(ban: BanOptions | undefined, isAnyLimited: boolean): void {
  if (ban === undefined || isAnyLimited) return
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: 'ban',
    problem: 'has no effect if neither reads nor writes are limited',
    remedy: 'Leave it out, or limit one of them.',
  })
}

/**
 * Compiles a `ban`; undefined if refusals never lead to a ban.
 *
 * @param option its path in the options, for errors
 */
export function parseBan(option: string, ban: BanOptions | undefined): BanRule | undefined {
  if (ban === undefined) return undefined
  const options = checkNames(option, ban, NAMES)
  for (const name of NAMES) {
    if (options[name] === undefined) {
      rejectOption(option, ban, `lacks ${name}`, 'Give { after: 10, withinSec: 60, forSec: 3600 }.')
    }
  }
  const after = checkWholeNumber(`${option}.after`, options.after, 1, LARGEST_LIMIT)
  const windowMs = windowToMs(`${option}.withinSec`, options.withinSec)
  const forMs = windowToMs(`${option}.forSec`, options.forSec)
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
