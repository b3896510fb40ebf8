import type { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type RateLimiterWarningCode, warn } from '../../errors/warning.ts'
import { circuitChannel, storeFailureChannel } from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import { isPromiseLike } from '../../maybe-promise.ts'
import { CircuitBreaker, type CircuitState } from './circuit-breaker.ts'
import { failureKind, messageOf } from './store-error.ts'

/** The health of a limiter's store. */
export interface StoreHealth {
  /**
   * The state of the circuit breaker. `closed`: the store decides. `open`: the store failed several times in
   * a row, and no request calls it for up to a second. `half-open`: one request calls it. While the circuit
   * breaker is open or half-open, `onStoreError` decides on all other requests.
   */
  readonly state: CircuitState
  /** When it changed to that state. */
  readonly since: Date
  /** The last failure, however long ago. */
  readonly lastError: RateLimiterError | undefined
  /** How many answers of the store came after their deadline. Their decisions were not used. */
  readonly lateReplies: number
}

/** Where a limiter writes messages for operators. `console` is one. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
}

/**
 * Records the results of calls to a store. It logs one message when the store fails, and one when the store
 * works again.
 */
export class StoreHealthMonitor {
  readonly #limiter: LimiterDescription
  readonly #logger: Logger | undefined
  readonly circuit: CircuitBreaker
  #since = new Date()
  #lastError: RateLimiterError | undefined
  #isReported = false
  /** Whether the store has answered a call since the last message of a failure. */
  #hasAnswered = false
  readonly #warnedCodes = new Set<RateLimiterWarningCode>()
  lateReplies = 0

  constructor(limiter: LimiterDescription, logger: Logger | undefined) {
    this.#limiter = limiter
    this.#logger = logger
    this.circuit = new CircuitBreaker({
      now: () => performance.now(),
      random: Math.random,
      onChange: (state, error) => this.#circuitChanged(state, error),
    })
  }

  get health(): StoreHealth {
    const { state } = this.circuit
    return { state, since: this.#since, lastError: this.#lastError, lateReplies: this.lateReplies }
  }

  get lastError(): RateLimiterError | undefined {
    return this.#lastError
  }

  /**
   * Records that the store has answered a call.
   *
   * @param generation of the circuit breaker. Undefined for a call that it did not begin
   */
  succeeded(generation: number | undefined): void {
    if (generation !== undefined && this.circuit.succeeded(generation)) this.#hasAnswered = true
  }

  /**
   * Records that a decision failed, and logs it.
   *
   * @param isAlive whether the failure shows that the store works. Then it does not count for the circuit
   */
  decisionFailed(generation: number, error: RateLimiterError, isAlive = false): void {
    this.#record(error)
    if (isAlive) this.circuit.succeeded(generation)
    this.#reportFailure(error)
    if (!isAlive) this.circuit.failed(generation, error)
  }

  /**
   * Records that a write failed. Its caller gets the error. The failure is logged only if it opens the
   * circuit. The parameters are those of `succeeded` and `decisionFailed`.
   */
  writeFailed(generation: number | undefined, error: RateLimiterError, isAlive = false): void {
    this.#record(error)
    if (generation === undefined) return
    if (isAlive) this.circuit.succeeded(generation)
    else this.circuit.failed(generation, error)
  }

  #record(error: RateLimiterError): void {
    this.#lastError = error
    if (storeFailureChannel.hasSubscribers) {
      storeFailureChannel.publish({ limiter: this.#limiter, kind: failureKind(error), error })
    }
  }

  /** Logs one message for each code: an outage can last for a million requests. */
  warnOnce(code: RateLimiterWarningCode, action: string, error: unknown): void {
    if (this.#warnedCodes.has(code)) return
    this.#warnedCodes.add(code)
    this.#log(code, `failed ${action}: ${messageOf(error)}`)
  }

  #circuitChanged(state: CircuitState, error: RateLimiterError | undefined): void {
    this.#since = new Date()
    if (circuitChannel.hasSubscribers) circuitChannel.publish({ limiter: this.#limiter, state, error })
    if (error !== undefined) {
      this.#lastError = error
      // An earlier message may be of a single failure days ago. If the store has answered since, this is
      // another one.
      if (this.#hasAnswered) this.#isReported = false
      this.#reportFailure(error)
    }
    if (state !== 'closed' || !this.#isReported) return
    this.#isReported = false
    this.#log('TOLLGATE_STORE_RECOVERED', 'decides again')
  }

  /** One message until the store works again. */
  #reportFailure(error: RateLimiterError): void {
    // If the application has closed the store, the error is thrown, and onStoreError does not apply.
    if (this.#isReported || error.code === 'closed') return
    this.#isReported = true
    this.#hasAnswered = false
    this.#log('TOLLGATE_STORE_FAILED', `failed to decide, and onStoreError applies: ${error.message}`)
  }

  #log(code: RateLimiterWarningCode, event: string): void {
    const message = `The store of the limiter '${this.#limiter.name}' ${event}`
    if (this.#logger === undefined) {
      warn(code, message)
      return
    }
    // A logger that fails must not fail a request.
    const warnInstead = (error: unknown): void => {
      warn(code, `${message} (and the logger failed: ${messageOf(error)})`)
    }
    const level = code === 'TOLLGATE_STORE_RECOVERED' ? 'info' : 'warn'
    try {
      const written: unknown = this.#logger[level](message)
      if (isPromiseLike(written)) written.then(undefined, warnInstead)
    } catch (error) {
      warnInstead(error)
    }
  }
}
