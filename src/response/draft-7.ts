import type { HeaderFormat } from './header-format.ts'
import { wholeSeconds } from './seconds.ts'
import { writeWindowPolicy } from './window-policy.ts'

/** draft-ietf-httpapi-ratelimit-headers-07: one dictionary. Of several limits the tightest is shown. */
export const draft7: HeaderFormat = {
  name: 'draft-7',
  dialect: 'draft-7',
  writePolicy: writeWindowPolicy,
  writeState(target, { tightest: { limit, remaining, resetMs } }) {
    target.setHeader('RateLimit', `limit=${limit}, remaining=${remaining}, reset=${wholeSeconds(resetMs)}`)
  },
}
