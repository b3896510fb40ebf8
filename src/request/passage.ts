import type { IncomingMessage } from 'node:http'
import { type LimitState, tighter } from '../limits/decision.ts'

/**
 * What limiters have done on the way of one request: who charged it, and where their limits stand.
 *
 * A limiter that is mounted twice finds itself here and lets the request pass; a second limiter finds what
 * the first one said, and the tighter of the two is told to the client.
 */
export class Passage {
  readonly #limiters: object[] = []
  readonly #states: LimitState[] = []
  readonly #tightest = new Map<string, LimitState>()

  /** Notes that a limiter deals with the request; false when it has done so before. */
  enter(limiter: object): boolean {
    if (this.#limiters.includes(limiter)) return false
    this.#limiters.push(limiter)
    return true
  }

  /** Adds where a limiter's limits stand. */
  add(states: readonly LimitState[]): void {
    this.#states.push(...states)
  }

  /** The tightest of `states` and of all that were shown before under the same label. */
  tightest(label: string, states: readonly LimitState[]): LimitState | undefined {
    const before = this.#tightest.get(label)
    const all = before === undefined ? states : [before, ...states]
    if (all.length === 0) return undefined
    const tightest = all.reduce(tighter)
    this.#tightest.set(label, tightest)
    return tightest
  }

  /**
   * Milliseconds until no limiter on the way refuses a request of `cost` units. Those passed before have
   * admitted this one, and may have nothing left for the next.
   */
  retryAfterMs(ownMs: number, cost: number): number {
    return this.#states.reduce(
      (latest, { remaining, resetMs }) => (remaining < cost ? Math.max(latest, resetMs) : latest),
      ownMs,
    )
  }
}

/** Registered by name, so that two copies of this library (ESM beside CommonJS) know of each other. */
const PASSAGE: unique symbol = Symbol.for('express-tollgate.passage')

export function passageOf(req: IncomingMessage): Passage {
  const carrier = req as { [PASSAGE]?: Passage }
  carrier[PASSAGE] ??= new Passage()
  return carrier[PASSAGE]
}
