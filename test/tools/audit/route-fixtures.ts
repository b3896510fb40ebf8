import type { RequestHandler } from 'express'
import type { LimiterDescription } from '../../../src/limits/limiter-description.ts'
import type { RouteEntry } from '../../../src/tools/audit/index.ts'
import { markedLimiter } from './marked-limiter.ts'

export const limiter = (overrides: Partial<LimiterDescription> = {}): RequestHandler =>
  markedLimiter(overrides) as unknown as RequestHandler
export const answer: RequestHandler = (_req, res) => {
  res.end()
}
export const pass: RequestHandler = (_req, _res, next) => next()

/** `METHOD path: state`; the 404 and middleware before the limiters only `withEnd`. */
export function lines(routes: readonly RouteEntry[], withEnd = false): string[] {
  return routes
    .filter(({ kind }) => withEnd || !['fallthrough', 'ahead'].includes(kind))
    .map(({ method, path, state }) => `${method} ${path}: ${state}`)
}

export const whyOf = (routes: readonly RouteEntry[], path: string): string | undefined =>
  routes.find((entry) => entry.path === path)?.why
