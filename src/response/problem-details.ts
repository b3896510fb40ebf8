import { type Body, jsonBody } from './body.ts'

const MEDIA_TYPE = 'application/problem+json'
const REGISTRY = 'https://iana.org/assignments/http-problem-types'

/**
 * A refusal as problem details (RFC 9457) of the type that
 * draft-ietf-httpapi-ratelimit-headers-11 registers.
 *
 * @param violated names of the limits that refused; none where the client is banned
 */
export function quotaExceeded(status: number, violated: readonly string[]): Body {
  return jsonBody(
    {
      type: `${REGISTRY}#quota-exceeded`,
      title: 'Too many requests from this client',
      status,
      'violated-policies': violated,
    },
    MEDIA_TYPE,
  )
}

/** The 503 of a limiter that cannot count, as problem details of the same draft. */
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

/** The 403 as problem details: of no type of its own, and so titled as its status is (RFC 9457, 4.2.1). */
export function forbidden(status: number): Body {
  return jsonBody({ type: 'about:blank', title: 'Forbidden', status }, MEDIA_TYPE)
}
