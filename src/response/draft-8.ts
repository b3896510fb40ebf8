import { draft11 } from './draft-11.ts'
import type { HeaderFormat } from './header-format.ts'

/**
 * draft-ietf-httpapi-ratelimit-headers-08. On the wire it is draft 11, which only says more precisely what
 * `t` means.
 */
export const draft8: HeaderFormat = { ...draft11, name: 'draft-8' }
