import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './seconds.ts'
import { WINDOW_POLICY_FIELD, writeWindowPolicy } from './window-policy.ts'

/** draft-ietf-httpapi-ratelimit-headers-06: one field a figure. Of several limits the tightest is shown. */
export const draft6: HeaderFormat = {
  name: 'draft-6',
  dialect: 'draft-6',
  fields: [
    WINDOW_POLICY_FIELD,
    { name: 'RateLimit-Limit', meaning: 'Units of the tightest limit.', type: 'integer', tells: 'state' },
    { name: 'RateLimit-Remaining', meaning: 'What is left of it.', type: 'integer', tells: 'state' },
    {
      name: 'RateLimit-Reset',
      meaning: 'Seconds until there is more left than RateLimit-Remaining says.',
      type: 'integer',
      tells: 'state',
    },
  ],
  writePolicy: writeWindowPolicy,
  writeState(target, { tightest }) {
    target.setHeader('RateLimit-Limit', String(tightest.limit))
    target.setHeader('RateLimit-Remaining', String(tightest.remaining))
    target.setHeader('RateLimit-Reset', String(wholeSeconds(tightest.resetMs)))
  },
}
