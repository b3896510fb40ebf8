import type { RequestHandler } from 'express'
import { identityOf } from './identity.ts'

/** How many requests of each tenant this process is answering. A tenant without such requests takes no memory. */
export class InFlightCounts {
  readonly #counts = new Map<string, number>()

  of(tenantId: string): number {
    return this.#counts.get(tenantId) ?? 0
  }

  /** Counts the request until its response is closed. */
  readonly countInFlight: RequestHandler = (_req, res, next) => {
    const { tenantId } = identityOf(res)
    if (tenantId !== null && !res.closed) {
      this.#change(tenantId, 1)
      res.once('close', () => this.#change(tenantId, -1))
    }
    next()
  }

  #change(tenantId: string, by: number): void {
    const count = this.of(tenantId) + by
    if (count === 0) this.#counts.delete(tenantId)
    else this.#counts.set(tenantId, count)
  }
}
