import { DEFAULT_UNIT } from '../limits/quota-unit.ts'
import { type Body, jsonBody } from './body.ts'

const MEDIA_TYPE = 'application/problem+json'
const REGISTRY = 'https://iana.org/assignments/http-problem-types'

/**
 * The body of a refusal as problem details (RFC 9457), of the type that
 * draft-ietf-httpapi-ratelimit-headers-11 registers.
 *
 * @param violated the names of the limits that refused the request; empty if the client is banned
 * @param unit what the limits count; a member `quota-unit` of our own says it, unless it is requests
 */
export function quotaExceeded(status: number, violated: readonly string[], unit: string): Body {
  const countsRequests = unit === DEFAULT_UNIT
  return jsonBody(
    {
      type: `${REGISTRY}#quota-exceeded`,
      title: countsRequests ? 'Too many requests from this client' : `Too many ${unit} for this client`,
      status,
      'violated-policies': violated,
      ...(countsRequests ? {} : { 'quota-unit': unit }),
    },
    MEDIA_TYPE,
  )
}

/** The body of the 503 of `onStoreError: 'deny'`, as problem details of a type of the same draft. */
export function reducedCapacity(status: number): Body {
  return jsonBody(
    {
      type: `${REGISTRY}#temporary-reduced-capacity`,
      title: 'The rate limiter cannot count requests at present',
      status,
    },
    MEDIA_TYPE,
  )
}

/**
 * The body of the 403 as problem details. It has no type, so its title is that of the status (RFC 9457,
 * 4.2.1).
 */
export function forbidden(status: number): Body {
  return jsonBody({ type: 'about:blank', title: 'Forbidden', status }, MEDIA_TYPE)
}
