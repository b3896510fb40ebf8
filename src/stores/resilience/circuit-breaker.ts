import type { RateLimiterError } from '../../errors/rate-limiter-error.ts'

/**
 * `closed`: calls go to the store. `open`: no call goes to the store for a while. `half-open`: one call, the
 * probe, goes to the store. Its result closes or opens the circuit. (The names are from M. T. Nygard,
 * "Release It!", chapter 5.)
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

/** Failures in a row that open the circuit. */
const MAX_FAILURES = 5

/** How long the circuit stays open, in milliseconds. Each failed probe doubles the pause, up to a second. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000

/** The clock and the random numbers of a circuit breaker, and who learns of its changes. */
export interface CircuitBreakerSettings {
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Called for each change. `error` is the failure that caused it. */
  readonly onChange: (state: CircuitState, error?: RateLimiterError) => void
}

/**
 * Keeps calls from a store that fails, and finds out when the store works again. It has no timer: it changes
 * its state when a call begins or ends.
 */
export class CircuitBreaker {
  readonly #settings: CircuitBreakerSettings
  #state: CircuitState = 'closed'
  #failures = 0
  #pauses = 0
  #openUntilMs = 0
  /** Counts the changes of the state. The result of a call that began before the last change is ignored. */
  #generation = 0

  constructor(settings: CircuitBreakerSettings) {
    this.#settings = settings
  }

  get state(): CircuitState {
    return this.#state
  }

  /**
   * Begins a call. Returns its generation, for `succeeded`, `failed` or `notCalled`. Undefined if the call
   * must not go to the store.
   */
  begin(): number | undefined {
    if (this.#state === 'closed') return this.#generation
    if (this.#state === 'half-open' || this.#settings.now() < this.#openUntilMs) return undefined
    this.#change('half-open')
    return this.#generation
  }

  /** Returns whether the call began after the last change of the state. */
  succeeded(generation: number): boolean {
    if (generation !== this.#generation) return false
    this.#failures = 0
    if (this.#state !== 'half-open') return true
    this.#pauses = 0
    this.#change('closed')
    return true
  }

  /** The call ended without the store. If it was the probe, the next call is the probe. */
  notCalled(generation: number): void {
    if (generation === this.#generation && this.#state === 'half-open') this.#change('open')
  }

  failed(generation: number, error: RateLimiterError): void {
    if (generation !== this.#generation) return
    this.#failures++
    if (this.#state === 'closed' && this.#failures < MAX_FAILURES) return
    // Many processes lose a store at the same time. The random part keeps them from probing at the same time.
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#pauses)
    this.#openUntilMs = this.#settings.now() + pauseMs * (0.5 + this.#settings.random() / 2)
    this.#pauses++
    this.#failures = 0
    this.#change('open', error)
  }

  #change(state: CircuitState, error?: RateLimiterError): void {
    this.#state = state
    this.#generation++
    this.#settings.onChange(state, error)
  }
}
