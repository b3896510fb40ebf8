import type { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import { type RateLimiterWarningCode, warn } from '../../errors/warning.ts'
import { circuits, storeFailures } from '../../events/channels.ts'
import type { LimiterDescription } from '../../limits/limiter-description.ts'
import { isPromiseLike } from '../../maybe-promise.ts'
import { CircuitBreaker, type CircuitState } from './circuit-breaker.ts'
import { failureKind, messageOf } from './store-error.ts'

/** How a limiter's store is. */
export interface StoreHealth {
  /**
   * `closed`: the store is asked. `open`: it failed again and again, and is not asked for a moment; `onStoreError`
   * is followed. `half-open`: one request asks it, and the others go on without it.
   */
  readonly state: CircuitState
  /** Since when it is in that state. */
  readonly since: Date
  /** The last failure, whenever it was. */
  readonly lastError: RateLimiterError | undefined
  /** Answers that came after their deadline. They were not heeded. */
  readonly lateReplies: number
}

/** Where a limiter writes what an operator should know. `console` is one. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
}

/** Notes how the calls of a store end, and tells an operator once when it fails and once when it is back. */
export class StoreHealthMonitor {
  readonly #limiter: LimiterDescription
  readonly #logger: Logger | undefined
  readonly circuit: CircuitBreaker
  #since = new Date()
  #lastError: RateLimiterError | undefined
  #isReported = false
  /** Whether it has answered since it was said to fail. */
  #hasAnswered = false
  readonly #warned = new Set<RateLimiterWarningCode>()
  lateReplies = 0

  constructor(limiter: LimiterDescription, logger: Logger | undefined) {
    this.#limiter = limiter
    this.#logger = logger
    this.circuit = new CircuitBreaker({
      now: () => performance.now(),
      random: Math.random,
      onChange: (state, error) => this.#changed(state, error),
    })
  }

  get health(): StoreHealth {
    const { state } = this.circuit
    return { state, since: this.#since, lastError: this.#lastError, lateReplies: this.lateReplies }
  }

  get lastError(): RateLimiterError | undefined {
    return this.#lastError
  }

  /** Notes that the store has answered a call. */
  succeeded(generation: number): void {
    if (this.circuit.succeeded(generation)) this.#hasAnswered = true
  }

  /** Notes how a call failed. */
  failed(generation: number, error: RateLimiterError): void {
    this.#note(error)
    this.#reportFailure(error)
    this.circuit.failed(generation, error)
  }

  /** Notes how something that is no decision failed. Whoever asked for it is told; the log is when the circuit opens. */
  writeFailed(generation: number, error: RateLimiterError): void {
    this.#note(error)
    this.circuit.failed(generation, error)
  }

  #note(error: RateLimiterError): void {
    this.#lastError = error
    if (storeFailures.hasSubscribers) {
      storeFailures.publish({ limiter: this.#limiter, kind: failureKind(error), error })
    }
  }

  /** Once for each kind: a store has bad days of a million requests. */
  warnOnce(code: RateLimiterWarningCode, what: string, why: unknown): void {
    if (this.#warned.has(code)) return
    this.#warned.add(code)
    this.#report(code, `failed ${what}: ${messageOf(why)}`)
  }

  #changed(state: CircuitState, error: RateLimiterError | undefined): void {
    this.#since = new Date()
    if (circuits.hasSubscribers) circuits.publish({ limiter: this.#limiter, state, error })
    if (error !== undefined) {
      this.#lastError = error
      // What was said of a single failure, perhaps days ago, does not tell of this.
      if (this.#hasAnswered) this.#isReported = false
      this.#reportFailure(error)
    }
    if (state !== 'closed' || !this.#isReported) return
    this.#isReported = false
    this.#report('TOLLGATE_STORE_RECOVERED', 'decides again')
  }

  /** One line, until it is back. */
  #reportFailure(error: RateLimiterError): void {
    // That its owner has closed it is thrown on, and is no failure that onStoreError is followed after.
    if (this.#isReported || error.code === 'closed') return
    this.#isReported = true
    this.#hasAnswered = false
    this.#report('TOLLGATE_STORE_FAILED', `failed to decide, and onStoreError is followed: ${error.message}`)
  }

  #report(code: RateLimiterWarningCode, what: string): void {
    const message = `The store of the limiter '${this.#limiter.name}' ${what}`
    if (this.#logger === undefined) {
      warn(code, message)
      return
    }
    // A log that fails must not fail a request.
    const failed = (error: unknown): void => {
      warn(code, `${message} (and the logger failed: ${messageOf(error)})`)
    }
    const level = code === 'TOLLGATE_STORE_RECOVERED' ? 'info' : 'warn'
    try {
      const written: unknown = this.#logger[level](message)
      if (isPromiseLike(written)) written.then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }
}
