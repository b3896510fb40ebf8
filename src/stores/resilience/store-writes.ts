import type { MaybePromise } from '../../maybe-promise.ts'
import type { Store } from '../store.ts'
import type { CallDeadline } from './call-deadline.ts'
import type { FallbackStore } from './fallback-store.ts'
import { circuitOpenError, storeFailedError } from './store-error.ts'
import type { StoreHealthMonitor } from './store-health.ts'

type Write<Answer = void> = (store: Store) => MaybePromise<Answer>

/** Calls to a store that write and do not decide. */
export class StoreWrites {
  readonly #store: Store
  readonly #fallback: FallbackStore | undefined
  readonly #monitor: StoreHealthMonitor
  readonly #deadline: CallDeadline

  constructor(
    store: Store,
    fallback: FallbackStore | undefined,
    monitor: StoreHealthMonitor,
    deadline: CallDeadline,
  ) {
    this.#store = store
    this.#fallback = fallback
    this.#monitor = monitor
    this.#deadline = deadline
  }

  /**
   * To the store and the fallback, also while the circuit is open: an operator who unblocks a client needs to
   * know whether that worked.
   *
   * @throws RateLimiterError `store_failed` or `store_timeout`
   */
  async ofOperator(write: Write): Promise<void> {
    try {
      await Promise.all([this.#call(write, this.#monitor.circuit.begin()), this.#fallback?.write(write)])
    } catch (error) {
      throw storeFailedError(error)
    }
  }

  /** To the store and the fallback at the same time. A failure of one does not stop the other. */
  async toBoth(write: Write): Promise<void> {
    await Promise.all([this.toStore(write), this.#fallback?.write(write)])
  }

  /** Rejects at once while the circuit is open. */
  async toStore<Answer>(write: Write<Answer>): Promise<Answer> {
    const generation = this.#monitor.circuit.begin()
    if (generation === undefined) throw circuitOpenError(this.#monitor.lastError)
    return await this.#call(write, generation)
  }

  /** @param generation undefined if the circuit is open. Then the result does not change it */
  async #call<Answer>(write: Write<Answer>, generation: number | undefined): Promise<Answer> {
    try {
      const answer = await this.#deadline.within(
        () => write(this.#store),
        () => this.#store.problem?.(),
      )
      this.#deadline.answered()
      this.#monitor.succeeded(generation)
      return answer
    } catch (error) {
      this.#monitor.writeFailed(generation, storeFailedError(error), this.#store.isAlive?.(error))
      throw error
    }
  }
}
