import type { LimitState } from '../../src/limits/decision.ts'
import { tighter } from '../../src/limits/decision.ts'
import type { Limit } from '../../src/limits/limit.ts'
import type { HeaderFormat, HeaderTarget } from '../../src/response/header-format.ts'

/** The headers of a response by their lower-case names. */
export class RecordedHeaders implements HeaderTarget {
  readonly #values = new Map<string, string | string[]>()

  constructor(present: Readonly<Record<string, string | string[]>> = {}) {
    for (const [name, value] of Object.entries(present)) this.#values.set(name.toLowerCase(), value)
  }

  getHeader(name: string): string | string[] | undefined {
    return this.#values.get(name.toLowerCase())
  }

  setHeader(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value)
  }

  /** The text of a header as it is sent; empty if the header is absent. */
  text(name: string): string {
    return String(this.getHeader(name) ?? '')
  }

  all(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, value]) => [name, String(value)]))
  }
}

/** The numbers of a limit and of its state. */
export interface LimitFigures {
  readonly name?: string
  readonly limit?: number
  readonly windowMs?: number
  /** The burst of a token bucket; undefined for a fixed window. */
  readonly burst?: number
  readonly remaining: number
  readonly resetMs: number
}

/**
 * The headers of these limits, written as by the middleware. A limit is by default `read`, 100 units in 60 s.
 */
export function written(
  format: HeaderFormat,
  figures: readonly LimitFigures[],
  target: RecordedHeaders = new RecordedHeaders(),
  nowMs = 1_700_000_000_000,
  unit = 'requests',
): RecordedHeaders {
  const limits = figures.map(limitOf)
  const states = figures.map(stateOf)
  format.writePolicy(target, limits, unit, 0)
  format.writeState(target, { states, tightest: states.reduce(tighter), nowMs })
  return target
}

export function limitOf({
  name = 'read',
  limit = 100,
  windowMs = 60_000,
  burst = limit,
}: LimitFigures): Limit {
  const algorithm = burst === limit ? 'fixed-window' : 'token-bucket'
  return { name, limit, windowMs, ttlMs: windowMs, burst, algorithm }
}

function stateOf({
  name = 'read',
  limit = 100,
  burst = limit,
  remaining,
  resetMs,
}: LimitFigures): LimitState {
  return { name, limit: burst, remaining, resetMs }
}
