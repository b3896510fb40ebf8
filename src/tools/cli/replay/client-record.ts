import type { RequestClass } from '../../../limits/request-class.ts'
import type { Demand } from './offline-limiter.ts'

/** What is known of one client: as much as there are clients is kept, however many lines they have. */
export class ClientRecord {
  requests = 0
  refused = 0
  firstRefusedMs = 0
  lastRefusedMs = 0
  #read: Demand | undefined
  #write: Demand | undefined

  /** The client's demand in a class; most clients have only one. */
  demand(requestClass: RequestClass): Demand {
    if (requestClass === 'read') {
      this.#read ??= { peak: 0, state: undefined }
      return this.#read
    }
    this.#write ??= { peak: 0, state: undefined }
    return this.#write
  }

  /** The client's peak in a class, in units; 0 where it asked for nothing. */
  peak(requestClass: RequestClass): number {
    return (requestClass === 'read' ? this.#read : this.#write)?.peak ?? 0
  }

  refuse(nowMs: number): void {
    if (this.refused === 0) this.firstRefusedMs = nowMs
    this.lastRefusedMs = nowMs
    this.refused++
  }
}
