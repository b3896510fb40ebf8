import { checkNames, checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import type { BanRule } from '../limits/ban.ts'
import { LARGEST_LIMIT } from '../limits/limit.ts'
import type { BanOptions } from './rate-limiter-options.ts'
import { checkWindow } from './window-option.ts'

const NAMES = ['after', 'withinSec', 'forSec'] as const

/** Compiles `ban`; undefined where nobody is banned for being refused. */
export function parseBan(ban: BanOptions | undefined): BanRule | undefined {
  if (ban === undefined) return undefined
  const own = checkNames('ban', ban, NAMES)
  for (const name of NAMES) {
    if (own[name] === undefined) {
      rejectOption('ban', ban, `lacks ${name}`, 'Give { after: 10, withinSec: 60, forSec: 3600 }.')
    }
  }
  const after = checkWholeNumber('ban.after', own.after, 1, LARGEST_LIMIT)
  const windowMs = checkWindow('ban.withinSec', own.withinSec)
  const forMs = checkWindow('ban.forSec', own.forSec)
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
