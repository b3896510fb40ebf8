import { quotaOf } from '../limits/limit.ts'
import { appendToList, type HeaderFormat } from './header-format.ts'
import { policyTexts } from './policy-text.ts'
import { wholeSeconds } from './seconds.ts'

const policyTextOf = policyTexts((limit) => {
  const { units, windowMs } = quotaOf(limit)
  return `${quoted(limit.name)};q=${units};w=${wholeSeconds(windowMs)}`
})

/**
 * draft-ietf-httpapi-ratelimit-headers-11: two lists of quoted strings with parameters (RFC 9651).
 * `q` quota and `w` window of each policy; `r` units available, and `t`, the seconds within which no more
 * than those may be used.
 */
export const draft11: HeaderFormat = {
  name: 'draft-11',
  dialect: 'draft-8 to 11',
  fields: [
    {
      name: 'RateLimit-Policy',
      meaning: 'A list of the limits by name, with their quota q in units and their window w in seconds.',
      type: 'string',
      tells: 'policy',
    },
    {
      name: 'RateLimit',
      meaning:
        'A list of the limits by name, with r, the units left, and t, the seconds within which no more may be used.',
      type: 'string',
      tells: 'state',
    },
  ],
  writePolicy(target, limits) {
    appendToList(target, 'RateLimit-Policy', policyTextOf(limits))
  },
  writeState(target, { states }) {
    const members = states.map(
      ({ name, remaining, resetMs }) => `${quoted(name)};r=${remaining};t=${wholeSeconds(resetMs)}`,
    )
    appendToList(target, 'RateLimit', members.join(', '))
  },
}

/** A string of RFC 9651, 3.3.3; the options admit printable ASCII only. */
function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`
}
