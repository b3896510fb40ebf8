import { RateLimiterError } from '../../../src/errors/rate-limiter-error.ts'
import { CircuitBreaker, type CircuitState } from '../../../src/stores/resilience/circuit-breaker.ts'

/** A change of a circuit breaker, and the error that caused it. */
export interface Change {
  readonly state: CircuitState
  readonly error: RateLimiterError | undefined
}

/** A failure of a store. The number distinguishes it from others. */
export function failure(number = 0): RateLimiterError {
  return new RateLimiterError({ code: 'store_failed', problem: `failure ${number}`, remedy: 'Look.' })
}

/** A circuit breaker. A test sets its clock and its random numbers. */
export class CircuitOnTestClock {
  nowMs = 0
  /** The next random number. */
  randomNumber = 0
  readonly changes: Change[] = []
  readonly breaker: CircuitBreaker = new CircuitBreaker({
    now: () => this.nowMs,
    random: () => this.randomNumber,
    onChange: (state, error) => this.changes.push({ state, error }),
  })

  /** Begins a call that must be allowed to go to the store. */
  begin(): number {
    const generation = this.breaker.begin()
    if (generation === undefined) throw new Error('the circuit breaker allows no call')
    return generation
  }

  /** Begins calls that fail, one after the other. */
  fail(times: number, error: RateLimiterError = failure()): void {
    for (let turn = 0; turn < times; turn++) this.breaker.failed(this.begin(), error)
  }

  /** Begins a call. Whether it may go to the store. */
  allowsCall(): boolean {
    return this.breaker.begin() !== undefined
  }

  /** Sets the clock forward until a call may go to the store. */
  nextProbe(): { readonly afterMs: number; readonly probe: number } {
    for (let afterMs = 0; afterMs <= 2000; afterMs++) {
      const probe = this.breaker.begin()
      if (probe !== undefined) return { afterMs, probe }
      this.nowMs++
    }
    throw new Error('the circuit breaker allowed no call within 2000 ms')
  }
}
