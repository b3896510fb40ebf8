import type { ServerResponse } from 'node:http'

/** Whether a response can still be written. */
export function isOpen(res: ServerResponse): boolean {
  return !res.headersSent && !res.writableEnded && !res.destroyed
}

/**
 * Writes the head of every refusal that ends after a time.
 *
 * No cache may keep it, because a cached 429 would refuse clients that are within their limits. If
 * `Retry-After` is set already, the longer of both times stays.
 */
export function writeRefusalHead(res: ServerResponse, statusCode: number, retryAfterSeconds: number): void {
  res.statusCode = statusCode
  const before = String(res.getHeader('Retry-After') ?? '')
  // A date in Retry-After is replaced: to compare it, the clock of the client would have to be known.
  const present = /^\d{1,15}$/.test(before) ? Number(before) : 0
  res.setHeader('Retry-After', String(Math.max(present, retryAfterSeconds)))
  res.setHeader('Cache-Control', 'no-store')
}

/**
 * Writes the head of a refusal that no wait ends. It is for one client, so no cache may give it to others.
 */
export function writeForbiddenHead(res: ServerResponse, statusCode: number): void {
  res.statusCode = statusCode
  res.setHeader('Cache-Control', 'no-store')
}

/** Remembers the parts of the head that a refusal changes. Returns a function that restores them. */
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
