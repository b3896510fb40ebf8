import type { ServerResponse } from 'node:http'

/** Whatever a client key may hold, the page runs its own script only, and nobody may frame it. */
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

/** Sets the headers that everything from here has. */
export function protect(res: ServerResponse): void {
  res.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  // no-transform: a compressing middleware would keep the events back.
  res.setHeader('Cache-Control', 'no-store, no-transform')
}

/** Ends a response with a text. To HEAD, Node itself leaves the body out. */
export function sendText(res: ServerResponse, contentType: string, text: string): void {
  res.setHeader('Content-Type', `${contentType}; charset=utf-8`)
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}

/** Ends a response with an error, as the limiters of this library do it. */
export function sendError(res: ServerResponse, status: number, error: string): void {
  res.statusCode = status
  sendText(res, 'application/json', JSON.stringify({ error }))
}
