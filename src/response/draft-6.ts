import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './seconds.ts'
import { writeWindowPolicy } from './window-policy.ts'

/** draft-ietf-httpapi-ratelimit-headers-06: one field a figure. Of several limits the tightest is shown. */
export const draft6: HeaderFormat = {
  name: 'draft-6',
  dialect: 'draft-6',
  writePolicy: writeWindowPolicy,
  writeState(target, { tightest }) {
    target.setHeader('RateLimit-Limit', String(tightest.limit))
    target.setHeader('RateLimit-Remaining', String(tightest.remaining))
    target.setHeader('RateLimit-Reset', String(wholeSeconds(tightest.resetMs)))
  },
}
