import type { Limit } from '../../../limits/limit.ts'
import type { RequestClass } from '../../../limits/request-class.ts'
import { OfflineLimiter } from './offline-limiter.ts'
import type { ReplayLimiterOptions } from './replay-options.ts'

/** One of several limits of a class of which a replay shows what each would have refused. */
export class ComparedLimit {
  readonly requestClass: RequestClass
  refused = 0
  readonly #limiter: OfflineLimiter
  readonly #refusedClients = new Set<string>()

  /** @throws RateLimiterError for options that are wrong */
  constructor(requestClass: RequestClass, options: ReplayLimiterOptions) {
    this.requestClass = requestClass
    this.#limiter = new OfflineLimiter(options)
  }

  /** Undefined where the class is not limited. */
  get limit(): Limit | undefined {
    return this.#limiter.limitOf(this.requestClass)
  }

  /** The number of clients with at least one refused request. */
  get refusedClients(): number {
    return this.#refusedClients.size
  }

  /**
   * Counts a request of the class.
   *
   * @param nowMs the time of the request; never earlier than in the last call
   */
  count(clientKey: string, nowMs: number): void {
    if (this.#limiter.admits(clientKey, this.requestClass, nowMs)) return
    this.refused++
    this.#refusedClients.add(clientKey)
  }

  close(): void {
    this.#limiter.close()
  }
}
