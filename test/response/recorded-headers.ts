import type { LimitState } from '../../src/limits/decision.ts'
import { tighter } from '../../src/limits/decision.ts'
import type { Limit } from '../../src/limits/limit.ts'
import type { HeaderFormat, HeaderTarget } from '../../src/response/header-format.ts'

/** The headers of a response, by lower-case name. */
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

  /** The text of a header as it goes over the wire; the empty text where it is absent. */
  text(name: string): string {
    return String(this.getHeader(name) ?? '')
  }

  all(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, value]) => [name, String(value)]))
  }
}

/** A limit and where it stands. */
export interface Standing {
  readonly name?: string
  readonly limit?: number
  readonly windowMs?: number
  /** What a token bucket holds; a fixed window where it is left out. */
  readonly burst?: number
  readonly remaining: number
  readonly resetMs: number
}

/** Writes the limits as the middleware does; where nothing else is said, `read`, 100 in 60 s. */
export function written(
  format: HeaderFormat,
  standings: readonly Standing[],
  target: RecordedHeaders = new RecordedHeaders(),
  nowMs = 1_700_000_000_000,
): RecordedHeaders {
  const limits = standings.map(limitOf)
  const states = standings.map(stateOf)
  format.writePolicy(target, limits)
  format.writeState(target, { states, tightest: states.reduce(tighter), nowMs })
  return target
}

export function limitOf({ name = 'read', limit = 100, windowMs = 60_000, burst = limit }: Standing): Limit {
  const algorithm = burst === limit ? 'fixed-window' : 'token-bucket'
  return { name, limit, windowMs, ttlMs: windowMs, burst, algorithm }
}

function stateOf({ name = 'read', limit = 100, burst = limit, remaining, resetMs }: Standing): LimitState {
  return { name, limit: burst, remaining, resetMs }
}
