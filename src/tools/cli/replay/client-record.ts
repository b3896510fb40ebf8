import type { RequestClass } from '../../../limits/request-class.ts'
import type { UnlimitedUsage } from './offline-limiter.ts'

/** The figures of one client. The size of a record does not depend on the number of lines. */
export class ClientRecord {
  requests = 0
  refused = 0
  firstRefusedMs = 0
  lastRefusedMs = 0
  /** Of reads, or of all requests where one limit serves all methods. */
  #readOrAny: UnlimitedUsage | undefined
  #write: UnlimitedUsage | undefined

  /**
   * The client's usage in a class. Made when it is asked for: most clients have requests of one class only.
   */
  usage(requestClass: RequestClass): UnlimitedUsage {
    if (requestClass !== 'write') {
      this.#readOrAny ??= { highestUnits: 0, state: undefined }
      return this.#readOrAny
    }
    this.#write ??= { highestUnits: 0, state: undefined }
    return this.#write
  }

  /** The client's highest usage in a class, in units; 0 where it had no request. */
  highestUnits(requestClass: RequestClass): number {
    return (requestClass === 'write' ? this.#write : this.#readOrAny)?.highestUnits ?? 0
  }

  countRefusal(nowMs: number): void {
    if (this.refused === 0) this.firstRefusedMs = nowMs
    this.lastRefusedMs = nowMs
    this.refused++
  }
}
