import type { IncomingMessage, ServerResponse } from 'node:http'
import { isOpen } from './response-head.ts'

/** A response body with its media type. */
export interface Body {
  readonly contentType: string
  readonly text: string
}

export function jsonBody(value: unknown, contentType = 'application/json'): Body {
  return { contentType, text: JSON.stringify(value) }
}

/** A body of plain text, so that no browser renders a message as HTML. */
export function textBody(text: string): Body {
  return { contentType: 'text/plain; charset=utf-8', text }
}

/** The body of a refusal if no option sets another one. */
export const DEFAULT_REFUSAL: Body = jsonBody({ error: 'rate_limit_exceeded' })

/** The body of the 503 of `onStoreError: 'deny'`. */
export const DEFAULT_UNAVAILABLE: Body = jsonBody({ error: 'rate_limiter_unavailable' })

/** The body of the 403 for a client on the `denyList`. */
export const DEFAULT_FORBIDDEN: Body = jsonBody({ error: 'forbidden' })

/**
 * Headers that describe a body. Earlier middleware may have set them for a body that is not sent now, and a
 * client would read the refusal by them.
 */
const BODY_HEADERS: readonly string[] = [
  'content-encoding',
  'content-disposition',
  'content-range',
  'transfer-encoding',
  'trailer',
  'etag',
  'last-modified',
]

/** Up to so many bytes, reading the body of a request costs less than a new connection. */
const SMALL_BODY_BYTES = 65_536

/**
 * Whether a request of HTTP/1 has a body, large or of unknown length, that has not arrived to its end. HTTP/2 ends a
 * stream without its connection, and forbids the header Connection.
 *
 * @param req without headers behind an adapter that makes a response without its request
 */
function isSendingLargeBody({
  headers = {},
  complete,
  httpVersionMajor,
}: Partial<IncomingMessage> = {}): boolean {
  if (complete === true || httpVersionMajor !== 1) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > SMALL_BODY_BYTES
}

/** Ends the response with a body. Not by the methods of the framework, because they would add an ETag. */
export function sendBody(res: ServerResponse, body: Body): void {
  if (!isOpen(res)) return
  for (const name of BODY_HEADERS) if (res.hasHeader(name)) res.removeHeader(name)
  // Node would read the rest of an upload, to keep the connection. The header ends the upload and the connection.
  if (isSendingLargeBody(res.req)) res.setHeader('Connection', 'close')
  res.setHeader('Content-Type', body.contentType)
  res.setHeader('Content-Length', String(Buffer.byteLength(body.text)))
  res.end(body.text)
}
