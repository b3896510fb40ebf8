import { IN_FLIGHT_UNIT } from '../../limits/quota-unit.ts'
import { draft11, quoted } from '../../response/draft-11.ts'
import { appendToList, type HeaderFormat } from '../../response/header-format.ts'

/**
 * draft-ietf-httpapi-ratelimit-headers-11 for requests in flight: the quota `q` is counted in the unit
 * `concurrent-requests` (section 4.1.2), and there is neither a window `w` nor a time `t`, since nobody knows when a
 * request ends.
 */
export const inFlightFormat: HeaderFormat = {
  name: 'draft-11 in flight',
  ...(draft11.dialect === undefined ? {} : { dialect: draft11.dialect }),
  fields: [
    {
      name: 'RateLimit-Policy',
      meaning: 'A list of the limits by name, with their quota q in the unit qu.',
      type: 'string',
      shows: 'policy',
    },
    {
      name: 'RateLimit',
      meaning: 'A list of the limits by name, with r, the units left.',
      type: 'string',
      shows: 'state',
    },
  ],
  writePolicy(target, limits) {
    const members = limits.map(({ name, limit }) => `${quoted(name)};q=${limit};qu=${quoted(IN_FLIGHT_UNIT)}`)
    appendToList(target, 'RateLimit-Policy', members.join(', '))
  },
  writeState(target, { states }) {
    const members = states.map(({ name, remaining }) => `${quoted(name)};r=${remaining}`)
    appendToList(target, 'RateLimit', members.join(', '))
  },
}
