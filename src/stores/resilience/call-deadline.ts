import { isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import { withDeadline } from './deadline.ts'
import { storeTimeoutError } from './store-error.ts'

/** Default of `Store.connectDeadlineMs`. */
export const DEFAULT_CONNECT_DEADLINE_MS = 1000

/**
 * How long a call to a store may take. Until the store has answered for the first time, it may have to connect
 * and to load what it needs: calls that begin in this time have a longer deadline, which all of them count from
 * the first call.
 */
export class CallDeadline {
  readonly #deadlineMs: number
  readonly #connectDeadlineMs: number
  #firstCallMs: number | undefined
  #hasAnswered: boolean

  constructor(deadlineMs: number, connectDeadlineMs: number) {
    this.#deadlineMs = deadlineMs
    this.#connectDeadlineMs = connectDeadlineMs
    this.#hasAnswered = connectDeadlineMs <= deadlineMs
  }

  /** Of a call that begins now, in whole milliseconds. */
  get lengthMs(): number {
    if (this.#hasAnswered) return this.#deadlineMs
    const nowMs = performance.now()
    this.#firstCallMs ??= nowMs
    return Math.max(this.#deadlineMs, Math.ceil(this.#firstCallMs + this.#connectDeadlineMs - nowMs))
  }

  /**
   * The result of a call, or a rejection with `store_timeout`. A result that is no promise needs no timer.
   *
   * @param onLate called before the rejection. Returns why the store is late, if that is known
   */
  async within<T>(call: () => MaybePromise<T>, onLate: () => Error | undefined): Promise<T> {
    const result = call()
    if (!isPromiseLike(result)) return result
    const { lengthMs } = this
    return withDeadline(result, lengthMs, () => storeTimeoutError(lengthMs, onLate()))
  }

  /** The store has answered a call. */
  answered(): void {
    this.#hasAnswered = true
  }
}
