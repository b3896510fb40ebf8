import type { RequestClass } from './request-class.ts'

/** What limits count unless an option says otherwise. Drafts of the IETF use the same word. */
export const DEFAULT_UNIT = 'requests'

/** What a limit of requests in flight counts, in the words of draft-ietf-httpapi-ratelimit-headers-11, 4.1.2. */
export const IN_FLIGHT_UNIT = 'concurrent-requests'

/** What the limits of a class count, in a limiter that counts `unit`. Each preflight is charged as one request. */
export function unitOfClass(unit: string, requestClass: RequestClass): string {
  return requestClass === 'preflight' ? DEFAULT_UNIT : unit
}
