import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  LIMITER_DESCRIPTION,
  type LimitDescription,
  type LimiterDescription,
} from '../../../src/limits/limiter-description.ts'

/** A request that carries the names of the marked limiters it met. */
export interface MarkedRequest extends IncomingMessage {
  met?: string[]
}

export type MarkedLimiter = ((req: MarkedRequest, res: ServerResponse, next: () => void) => void) & {
  readonly [LIMITER_DESCRIPTION]: LimiterDescription
}

/** 1000 reads or 200 writes a minute, as the library's defaults. */
export function limits(limit: number, windowSec = 60): readonly LimitDescription[] {
  return [{ name: 'default', limit, windowSec, algorithm: 'fixed-window' }]
}

/** Middleware that says of itself what a limiter says, limits nothing, and leaves its name on the request. */
export function markedLimiter(overrides: Partial<LimiterDescription> = {}): MarkedLimiter {
  const description: LimiterDescription = {
    name: 'default',
    mode: 'enforce',
    read: limits(1000),
    write: limits(200),
    classifiedBy: 'method',
    canSkip: false,
    hasCosts: false,
    headers: [],
    refusal: { status: 429, body: 'dynamic' },
    ...overrides,
  }
  const limiter = (req: MarkedRequest, _res: ServerResponse, next: () => void): void => {
    req.met = [...(req.met ?? []), description.name]
    next()
  }
  return Object.assign(limiter, { [LIMITER_DESCRIPTION]: description })
}
