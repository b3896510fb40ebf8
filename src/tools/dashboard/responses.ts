import type { ServerResponse } from 'node:http'

/** The page runs only its own script, whatever a client key contains, and no other page may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Sets the security and cache headers of every response. */
export function setSecurityHeaders(res: ServerResponse): void {
  res.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  // no-transform: a middleware that compresses would delay the events.
  res.setHeader('Cache-Control', 'no-store, no-transform')
}

/** Ends a response with a text. For HEAD, Node leaves the body out. */
export function sendText(res: ServerResponse, contentType: string, text: string): void {
  res.setHeader('Content-Type', `${contentType}; charset=utf-8`)
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}

/**
 * Ends a response with an error, in the form that the limiters of this library use.
 *
 * @param message for the reader, in whole sentences
 */
export function sendError(res: ServerResponse, status: number, error: string, message?: string): void {
  res.statusCode = status
  sendText(res, 'application/json', JSON.stringify({ error, message }))
}
