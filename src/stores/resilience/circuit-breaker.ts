import type { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/**
 * `closed`: calls go to the store. `open`: none does, for a while. `half-open`: one call is there, and its outcome
 * decides which of the two comes next. (The names are those of M. T. Nygard, "Release It!", chapter 5.)
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** Failures in a row that open the circuit. */
const MOST_FAILURES = 5

/** How long it stays open, in milliseconds: twice as long each time that the one call fails, up to a second. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000

/** What tells the time, and draws lots. */
export interface CircuitBreakerSettings {
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Told of each change; `error` is what brought it about. */
  readonly onChange: (state: CircuitState, error?: RateLimiterError) => void
}

/** Keeps calls from a store that fails, and finds out when it no longer does. It has no timer: calls ask it. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerSettings
  #state: CircuitState = 'closed'
  #failures = 0
  #pauses = 0
  #openUntilMs = 0
  /** Counts the changes: how a call of before one ends says nothing of what is now. */
  #generation = 0

  constructor(options: CircuitBreakerSettings) {
    this.#options = options
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Begins a call; its number is for `succeeded` or `failed`. Undefined where none may go to the store now. */
  begin(): number | undefined {
    if (this.#state === 'closed') return this.#generation
    if (this.#state === 'half-open' || this.#options.now() < this.#openUntilMs) return undefined
    this.#change('half-open')
    return this.#generation
  }

  /** Answers whether the call was of now. */
  succeeded(generation: number): boolean {
    if (generation !== this.#generation) return false
    this.#failures = 0
    if (this.#state !== 'half-open') return true
    this.#pauses = 0
    this.#change('closed')
    return true
  }

  /** A call that ended without the store being asked: whether it is back is for the next one to find out. */
  notCalled(generation: number): void {
    if (generation === this.#generation && this.#state === 'half-open') this.#change('open')
  }

  failed(generation: number, error: RateLimiterError): void {
    if (generation !== this.#generation) return
    this.#failures++
    if (this.#state === 'closed' && this.#failures < MOST_FAILURES) return
    // Many processes lose a store at the same instant, and should not all come back at one.
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#pauses)
    this.#openUntilMs = this.#options.now() + pauseMs * (0.5 + this.#options.random() / 2)
    this.#pauses++
    this.#failures = 0
    this.#change('open', error)
  }

  #change(state: CircuitState, error?: RateLimiterError): void {
    this.#state = state
    this.#generation++
    this.#options.onChange(state, error)
  }
}
