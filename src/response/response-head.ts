import type { OutgoingHttpHeader, ServerResponse } from 'node:http'

/** Whether a response can still be written. */
export function isOpen(res: ServerResponse): boolean {
  return !res.headersSent && !res.writableEnded && !res.destroyed
}

/** The parts of a head that a refusal changes. */
export interface Head {
  readonly statusCode: number
  readonly retryAfter: OutgoingHttpHeader | undefined
  readonly cacheControl: OutgoingHttpHeader | undefined
}

export function headOf(res: ServerResponse): Head {
  // Names in lower case, which Node need not convert.
  const { statusCode } = res
  return {
    statusCode,
    retryAfter: res.getHeader('retry-after'),
    cacheControl: res.getHeader('cache-control'),
  }
}

/** Gives a response the head that it had before a refusal. */
export function restoreHead(res: ServerResponse, { statusCode, retryAfter, cacheControl }: Head): void {
  res.statusCode = statusCode
  restoreHeader(res, 'Retry-After', retryAfter)
  restoreHeader(res, 'Cache-Control', cacheControl)
}

function restoreHeader(res: ServerResponse, name: string, value: OutgoingHttpHeader | undefined): void {
  if (value === undefined) res.removeHeader(name)
  else res.setHeader(name, value)
}

/**
 * Writes the head of every refusal that ends after a time.
 *
 * No cache may keep it, because a cached 429 would refuse clients that are within their limits. If
 * `Retry-After` is set already, the longer of both times stays.
 */
export function writeRefusalHead(
  res: ServerResponse,
  { retryAfter }: Pick<Head, 'retryAfter'>,
  statusCode: number,
  retryAfterSeconds: number,
): void {
  res.statusCode = statusCode
  res.setHeader('Retry-After', String(Math.max(wholeNumberOf(retryAfter), retryAfterSeconds)))
  res.setHeader('Cache-Control', 'no-store')
}

/** 0 for a date, which is replaced: to compare it, the clock of the client would have to be known. */
function wholeNumberOf(retryAfter: OutgoingHttpHeader | undefined): number {
  return retryAfter !== undefined && /^\d{1,15}$/.test(String(retryAfter)) ? Number(retryAfter) : 0
}

/**
 * Writes the head of a refusal that no wait ends. It is for one client, so no cache may give it to others.
 */
export function writeForbiddenHead(res: ServerResponse, statusCode: number): void {
  res.statusCode = statusCode
  res.setHeader('Cache-Control', 'no-store')
}
