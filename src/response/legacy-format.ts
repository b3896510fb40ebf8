import type { HeaderDescription } from '../limits/limiter-description.ts'
import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './whole-seconds.ts'

/**
 * `epoch`: the second since the epoch in which {@link LimitState.resetMs} ends. `delta`: the seconds until
 * then.
 */
export type ResetFormat = 'epoch' | 'delta'

/**
 * `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`: not a standard, but most clients know
 * them. They show the tightest of several limits.
 */
export function legacyFormat(resetFormat: ResetFormat): HeaderFormat {
  const resetOf =
    resetFormat === 'epoch'
      ? (nowMs: number, resetMs: number) => Math.ceil((nowMs + resetMs) / 1000)
      : (_nowMs: number, resetMs: number) => wholeSeconds(resetMs)
  return {
    name: 'legacy',
    fields: fieldsWith(resetFormat),
    writePolicy() {
      // The legacy headers have no field for a policy.
    },
    writeState(target, { tightest, nowMs }) {
      // Looked up once: Express replaces the prototype of each response, and every look-up after that is
      // slow.
      const { setHeader } = target
      setHeader.call(target, 'X-RateLimit-Limit', String(tightest.limit))
      setHeader.call(target, 'X-RateLimit-Remaining', String(tightest.remaining))
      setHeader.call(target, 'X-RateLimit-Reset', String(resetOf(nowMs, tightest.resetMs)))
    },
  }
}

function fieldsWith(resetFormat: ResetFormat): readonly HeaderDescription[] {
  const resetMeaning =
    resetFormat === 'epoch'
      ? 'The second since the epoch in which more units are left than X-RateLimit-Remaining shows.'
      : 'Seconds until more units are left than X-RateLimit-Remaining shows.'
  return [
    { name: 'X-RateLimit-Limit', meaning: 'Units of the tightest limit.', type: 'integer', shows: 'state' },
    {
      name: 'X-RateLimit-Remaining',
      meaning: 'Units left of the tightest limit.',
      type: 'integer',
      shows: 'state',
    },
    { name: 'X-RateLimit-Reset', meaning: resetMeaning, type: 'integer', shows: 'state' },
  ]
}
