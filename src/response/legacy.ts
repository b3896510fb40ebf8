import type { HeaderDescription } from '../limits/limiter-description.ts'
import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './seconds.ts'

/** `epoch`: the second in which {@link LimitState.resetMs} ends; `delta`: seconds until then. */
export type ResetFormat = 'epoch' | 'delta'

/**
 * `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset`: no standard, and what most clients know.
 * Of several limits they show the tightest.
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
      // The legacy headers know no policy: what is not counted is not announced.
    },
    writeState(target, { tightest, nowMs }) {
      // Looked up once: Express gives each response another prototype, behind which every look-up is slow.
      const { setHeader } = target
      setHeader.call(target, 'X-RateLimit-Limit', String(tightest.limit))
      setHeader.call(target, 'X-RateLimit-Remaining', String(tightest.remaining))
      setHeader.call(target, 'X-RateLimit-Reset', String(resetOf(nowMs, tightest.resetMs)))
    },
  }
}

function fieldsWith(resetFormat: ResetFormat): readonly HeaderDescription[] {
  const when =
    resetFormat === 'epoch'
      ? 'The second since the epoch in which there is more left than X-RateLimit-Remaining says.'
      : 'Seconds until there is more left than X-RateLimit-Remaining says.'
  return [
    { name: 'X-RateLimit-Limit', meaning: 'Units of the tightest limit.', type: 'integer', tells: 'state' },
    { name: 'X-RateLimit-Remaining', meaning: 'What is left of it.', type: 'integer', tells: 'state' },
    { name: 'X-RateLimit-Reset', meaning: when, type: 'integer', tells: 'state' },
  ]
}
