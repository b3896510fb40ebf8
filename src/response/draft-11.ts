import type { HeaderDescription } from '../limits/limiter-description.ts'
import { DEFAULT_UNIT } from '../limits/quota-unit.ts'
import { appendToList, type HeaderFormat } from './header-format.ts'
import { cachedPolicyText } from './policy-text.ts'
import { wholeSeconds } from './whole-seconds.ts'

const policyTextOf = cachedPolicyText(({ name }, { units, windowMs }, unit) => {
  const counted = unit === DEFAULT_UNIT ? '' : `;qu=${quoted(unit)}`
  return `${quoted(name)};q=${units};w=${wholeSeconds(windowMs)}${counted}`
})

/** @param quota what the text says of the parameters of the quota */
const fieldsWith = (quota: string): readonly HeaderDescription[] => [
  {
    name: 'RateLimit-Policy',
    meaning: `A list of the limits by name, with ${quota} and their window w in seconds.`,
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
]

/**
 * draft-ietf-httpapi-ratelimit-headers-11: two lists of quoted strings with parameters (RFC 9651).
 * `RateLimit-Policy` has the quota `q` and the window `w` of each limit, and the quota unit `qu` unless that is requests.
 * `RateLimit` has the available units `r`, and `t`, the seconds in which no more than those may be used.
 */
export const draft11: HeaderFormat = {
  name: 'draft-11',
  dialect: 'draft-8 to 11',
  fields: fieldsWith('their quota q in units'),
  fieldsWithUnit: fieldsWith('their quota q in the unit qu (without qu in requests)'),
  writePolicy(target, limits, unit, nowMs) {
    appendToList(target, 'RateLimit-Policy', policyTextOf(limits, unit, nowMs))
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
