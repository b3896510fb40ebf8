import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { CircuitBreaker, type CircuitState } from '../../../src/stores/resilience/circuit-breaker.ts'

/** A change of a circuit, and the error that brought it about. */
export interface Change {
  readonly state: CircuitState
  readonly error: RateLimiterError | undefined
}

/** A failure of a store, told apart from others by its number. */
export function failure(number = 0): RateLimiterError {
  return new RateLimiterError({ code: 'store_failed', problem: `failure ${number}`, remedy: 'Look.' })
}

/** A circuit breaker whose clock is turned and whose lots are given by a test. */
export class TurnedCircuit {
  nowMs = 0
  /** The lot that is drawn next. */
  lot = 0
  readonly changes: Change[] = []
  readonly breaker: CircuitBreaker = new CircuitBreaker({
    now: () => this.nowMs,
    random: () => this.lot,
    onChange: (state, error) => this.changes.push({ state, error }),
  })

  /** Begins a call that must be let through. */
  begin(): number {
    const generation = this.breaker.begin()
    if (generation === undefined) throw new Error('no call may go to the store')
    return generation
  }

  /** Begins calls that fail, one after the other. */
  fail(times: number, error: RateLimiterError = failure()): void {
    for (let turn = 0; turn < times; turn++) this.breaker.failed(this.begin(), error)
  }

  /** Whether a call may go to the store now; one that may has begun. */
  letsThrough(): boolean {
    return this.breaker.begin() !== undefined
  }

  /** Turns the clock until a call is let through: after how many milliseconds, and the call. */
  nextProbe(): { readonly afterMs: number; readonly probe: number } {
    for (let afterMs = 0; afterMs <= 2000; afterMs++) {
      const probe = this.breaker.begin()
      if (probe !== undefined) return { afterMs, probe }
      this.nowMs++
    }
    throw new Error('no call was let through within 2000 ms')
  }
}
