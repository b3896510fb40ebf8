import type { ServerResponse } from 'node:http'
import type { Body } from './body.ts'

/** Whether there is still a response to write to. */
export function isOpen(res: ServerResponse): boolean {
  return !res.headersSent && !res.writableEnded && !res.destroyed
}

/**
 * The head of every refusal. A 429 that a cache kept would refuse clients that are within their limits, and
 * of two waits in seconds the client is told the longer.
 */
export function writeRefusalHead(res: ServerResponse, statusCode: number, retryAfterSeconds: number): void {
  res.statusCode = statusCode
  const before = String(res.getHeader('Retry-After') ?? '')
  const present = /^\d{1,15}$/.test(before) ? Number(before) : 0
  res.setHeader('Retry-After', String(Math.max(present, retryAfterSeconds)))
  res.setHeader('Cache-Control', 'no-store')
}

/** Ends the response with a body, without the framework, which would add an ETag to it. */
export function sendBody(res: ServerResponse, body: Body): void {
  if (!isOpen(res)) return
  res.setHeader('Content-Type', body.contentType)
  res.setHeader('Content-Length', String(Buffer.byteLength(body.text)))
  res.end(body.text)
}
