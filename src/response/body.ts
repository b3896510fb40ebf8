/** A response body with the media type it is sent as. */
export interface Body {
  readonly contentType: string
  readonly text: string
}

export function jsonBody(value: unknown, contentType = 'application/json'): Body {
  return { contentType, text: JSON.stringify(value) }
}

/** Text as text: a browser must not take a message for HTML. */
export function textBody(text: string): Body {
  return { contentType: 'text/plain; charset=utf-8', text }
}

/** The body of a refusal unless the options say otherwise. */
export const DEFAULT_REFUSAL: Body = jsonBody({ error: 'rate_limit_exceeded' })

/** The body of the 503 that `onStoreError: 'deny'` answers. */
export const DEFAULT_UNAVAILABLE: Body = jsonBody({ error: 'rate_limiter_unavailable' })

/** The body of the 403 that a client on the `denyList` gets. */
export const DEFAULT_FORBIDDEN: Body = jsonBody({ error: 'forbidden' })
