import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  LIMITER_DESCRIPTION,
  type LimitDescription,
  type LimiterDescription,
} from '../../../src/limits/limiter-description.ts'

/** A request with the names of the marked limiters that ran for it. */
export interface MarkedRequest extends IncomingMessage {
  limiterNames?: string[]
}

export type MarkedLimiter = ((req: MarkedRequest, res: ServerResponse, next: () => void) => void) & {
  readonly [LIMITER_DESCRIPTION]: LimiterDescription
}

/** One limit as a description shows it. The window is 60 seconds unless given. */
export function limits(limit: number, windowSec = 60): readonly LimitDescription[] {
  return [{ name: 'default', limit, windowSec, algorithm: 'fixed-window' }]
}

/** Middleware with the description of a limiter. It limits nothing and adds its name to the request. */
export function markedLimiter(overrides: Partial<LimiterDescription> = {}): MarkedLimiter {
  const description: LimiterDescription = {
    name: 'default',
    mode: 'enforce',
    plans: [],
    read: limits(1000),
    write: limits(200),
    preflight: false,
    classifiedBy: 'method',
    canSkip: false,
    hasCosts: false,
    settles: false,
    headers: [],
    refusal: { status: 429, body: 'dynamic' },
    ...overrides,
  }
  const limiter = (req: MarkedRequest, _res: ServerResponse, next: () => void): void => {
    req.limiterNames = [...(req.limiterNames ?? []), description.name]
    next()
  }
  return Object.assign(limiter, { [LIMITER_DESCRIPTION]: description })
}
