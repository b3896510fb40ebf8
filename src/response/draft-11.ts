import { appendToList, type HeaderFormat } from './header-format.ts'
import { cachedPolicyText } from './policy-text.ts'
import { wholeSeconds } from './whole-seconds.ts'

const policyTextOf = cachedPolicyText(
  ({ name }, { units, windowMs }) => `${quoted(name)};q=${units};w=${wholeSeconds(windowMs)}`,
)

/**
 * draft-ietf-httpapi-ratelimit-headers-11: two lists of quoted strings with parameters (RFC 9651).
 * `RateLimit-Policy` has the quota `q` and the window `w` of each limit. `RateLimit` has the available units
 * `r`, and `t`, the seconds in which no more than those may be used.
 */
export const draft11: HeaderFormat = {
  name: 'draft-11',
  dialect: 'draft-8 to 11',
  fields: [
    {
      name: 'RateLimit-Policy',
      meaning: 'A list of the limits by name, with their quota q in units and their window w in seconds.',
      type: 'string',
      shows: 'policy',
    },
    {
      name: 'RateLimit',
      meaning:
        'A list of the limits by name, with r, the units left, and t, the seconds in which no more may be used.',
      type: 'string',
      shows: 'state',
    },
  ],
  writePolicy(target, limits, nowMs) {
    appendToList(target, 'RateLimit-Policy', policyTextOf(limits, nowMs))
  },
  writeState(target, { states }) {
    const members = states.map(
      ({ name, remaining, resetMs }) => `${quoted(name)};r=${remaining};t=${wholeSeconds(resetMs)}`,
    )
    appendToList(target, 'RateLimit', members.join(', '))
  },
}

/** A string of RFC 9651, 3.3.3. The options allow only printable ASCII in names. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`
}
