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

/** The head of an answer that no wait would change. It is for this client, and no cache may give it to others. */
export function writeForbiddenHead(res: ServerResponse, statusCode: number): void {
  res.statusCode = statusCode
  res.setHeader('Cache-Control', 'no-store')
}

/** How the head stands before a refusal writes it; called, it is so again. */
export function rememberHead(res: ServerResponse): () => void {
  const { statusCode } = res
  const before = ['Retry-After', 'Cache-Control'].map((name) => [name, res.getHeader(name)] as const)
  return () => {
    res.statusCode = statusCode
    for (const [name, value] of before) {
      if (value === undefined) res.removeHeader(name)
      else res.setHeader(name, value)
    }
  }
}

/** What others may have said of a body that is not sent now; a client would read the refusal by it. */
const OF_ANOTHER_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-disposition',
  'content-range',
  'transfer-encoding',
  'trailer',
  'etag',
  'last-modified',
])

/** Ends the response with a body, without the framework, which would add an ETag to it. */
export function sendBody(res: ServerResponse, body: Body): void {
  if (!isOpen(res)) return
  for (const name of res.getHeaderNames()) if (OF_ANOTHER_BODY.has(name)) res.removeHeader(name)
  res.setHeader('Content-Type', body.contentType)
  res.setHeader('Content-Length', String(Buffer.byteLength(body.text)))
  res.end(body.text)
}
