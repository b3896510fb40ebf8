import type { Request } from 'express'
import { checkFlag, checkFunction, checkNames, rejectOption } from '../../errors/option-checks.ts'
import type { RateLimiter } from '../../limiter/rate-limiter.ts'
import { describeLimiter, type LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import type { Clock } from './steady-clock.ts'

/** A limiter that the page tells of: what `createRateLimiter` returned. */
export type WatchedLimiter = Pick<RateLimiter, 'health' | typeof LIMITER_DESCRIPTION>

/** Options of {@link dashboard}. */
export interface DashboardOptions {
  /**
   * Who may look; anything but `true` is answered 403, and what it throws goes to the app's error handler. Default:
   * whoever asks from this machine, by the address of the socket, for `localhost`, 127.x.x.x or [::1], and through
   * no proxy.
   */
  readonly authorize?: (req: Request) => boolean | Promise<boolean>
  /** Shows clients as they are. Default: false, addresses and other keys are masked before they leave the server. */
  readonly showAddresses?: boolean
  /** Time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back. */
  readonly clock?: Clock
}

/** The same, checked. */
export interface DashboardSettings {
  readonly authorize: ((req: Request) => boolean | Promise<boolean>) | undefined
  readonly showAddresses: boolean
  readonly clock: Clock
}

/** Checks the options. */
export function parseOptions(options: DashboardOptions): DashboardSettings {
  const known = ['authorize', 'showAddresses', 'clock']
  const { authorize, showAddresses, clock = performance } = checkNames('dashboard', options, known)
  if (typeof clock?.now !== 'function') {
    rejectOption('dashboard.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
  }
  return {
    authorize: checkFunction('dashboard.authorize', authorize, '(req) => boolean'),
    showAddresses: checkFlag('dashboard.showAddresses', showAddresses, false),
    clock,
  }
}

/** The limiters, each once, or an error. */
export function parseLimiters(limiters: unknown): readonly WatchedLimiter[] {
  const given: readonly unknown[] = Array.isArray(limiters) ? limiters : [limiters]
  if (given.length > 0 && given.every(isLimiter)) return [...new Set(given)]
  return rejectOption(
    'limiters',
    limiters,
    'takes limiters',
    'Give what createRateLimiter() returned, or an array of at least one of them.',
  )
}

function isLimiter(candidate: unknown): candidate is WatchedLimiter {
  const { health } = Object(candidate) as Partial<WatchedLimiter>
  return describeLimiter(candidate) !== undefined && typeof health === 'function'
}
