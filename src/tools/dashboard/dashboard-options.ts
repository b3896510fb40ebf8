import type { Request } from 'express'
import { checkFlag, checkFunction, checkNames, rejectOption } from '../../errors/option-checks.ts'
import type { InFlightCounts } from '../../limiter/in-flight-counts.ts'
import type { RateLimiter } from '../../limiter/rate-limiter.ts'
import type { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import { monotonicClock } from '../../stores/monotonic-clock.ts'
import type { Clock } from './steady-clock.ts'

/** A limiter that the page shows: what `createRateLimiter` or `createConcurrencyLimiter` returned. */
export type WatchedLimiter = Pick<RateLimiter, 'health' | typeof LIMITER_DESCRIPTION> &
  Partial<InFlightCounts>

/** Options of {@link dashboard}. */
export interface DashboardOptions {
  /**
   * Decides who may see the page. Any result but `true` is answered with 403; an error that it throws goes to
   * the error handler of the app. Default: a browser on this machine, where that is certain: the socket has a
   * loopback address, `Host` is `localhost`, 127.x.x.x or [::1] with the port of the connection, the request is
   * HTTP/1.1 and shows no trace of a proxy, and `NODE_ENV` is unset, `development`, `dev`, `local` or `test`.
   */
  readonly authorize?: ((req: Request) => boolean | Promise<boolean>) | undefined
  /**
   * Shows client keys in full. Default: false, addresses and other keys are masked before they leave the
   * server.
   */
  readonly showAddresses?: boolean | undefined
  /** Time in milliseconds, for tests. Default: a monotonic clock, which no operator can set back. */
  readonly clock?: Clock | undefined
}

/** The options after the check, with their defaults. */
export interface DashboardSettings {
  readonly authorize: ((req: Request) => boolean | Promise<boolean>) | undefined
  readonly showAddresses: boolean
  readonly clock: Clock
}

/** Checks the options. */
export function parseOptions(options: DashboardOptions): DashboardSettings {
  const known = ['authorize', 'showAddresses', 'clock']
  const { authorize, showAddresses, clock = monotonicClock } = checkNames('dashboard', options, known)
  if (typeof clock?.now !== 'function') {
    rejectOption('dashboard.clock', clock, 'takes a clock', 'Give { now(): number } in milliseconds.')
  }
  return {
    authorize: checkFunction('dashboard.authorize', authorize, '(req) => boolean'),
    showAddresses: checkFlag('dashboard.showAddresses', showAddresses, false),
    clock,
  }
}
