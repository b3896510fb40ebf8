import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './whole-seconds.ts'
import { WINDOW_POLICY_FIELD, writeWindowPolicy } from './window-policy.ts'

/** draft-ietf-httpapi-ratelimit-headers-07: one dictionary. It shows the tightest of several limits. */
export const draft7: HeaderFormat = {
  name: 'draft-7',
  dialect: 'draft-7',
  fields: [
    WINDOW_POLICY_FIELD,
    {
      name: 'RateLimit',
      meaning:
        'The state of the tightest limit, such as "limit=100, remaining=99, reset=60", in units and seconds.',
      type: 'string',
      shows: 'state',
    },
  ],
  writePolicy: writeWindowPolicy,
  writeState(target, { tightest: { limit, remaining, resetMs } }) {
    target.setHeader('RateLimit', `limit=${limit}, remaining=${remaining}, reset=${wholeSeconds(resetMs)}`)
  },
}
