import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './whole-seconds.ts'
import { WINDOW_POLICY_FIELD, writeWindowPolicy } from './window-policy.ts'

/**
 * draft-ietf-httpapi-ratelimit-headers-06: one field for each number. They show the tightest of several
 * limits.
 */
export const draft6: HeaderFormat = {
  name: 'draft-6',
  dialect: 'draft-6',
  fields: [
    WINDOW_POLICY_FIELD,
    { name: 'RateLimit-Limit', meaning: 'Units of the tightest limit.', type: 'integer', shows: 'state' },
    {
      name: 'RateLimit-Remaining',
      meaning: 'Units left of the tightest limit.',
      type: 'integer',
      shows: 'state',
    },
    {
      name: 'RateLimit-Reset',
      meaning: 'Seconds until more units are left than RateLimit-Remaining shows.',
      type: 'integer',
      shows: 'state',
    },
  ],
  writePolicy: writeWindowPolicy,
  writeState(target, { tightest }) {
    target.setHeader('RateLimit-Limit', String(tightest.limit))
    target.setHeader('RateLimit-Remaining', String(tightest.remaining))
    target.setHeader('RateLimit-Reset', String(wholeSeconds(tightest.resetMs)))
  },
}
