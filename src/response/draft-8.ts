import { draft11 } from './draft-11.ts'
import type { HeaderFormat } from './header-format.ts'

/**
 * draft-ietf-httpapi-ratelimit-headers-08. Its headers are the same as those of draft 11, which only defines
 * `t` more precisely.
 */
export const draft8: HeaderFormat = { ...draft11, name: 'draft-8' }
