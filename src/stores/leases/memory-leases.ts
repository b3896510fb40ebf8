import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Charge, StoreCapabilities } from '../store.ts'
import { type Lease, type LeaseStore, leaseDecision, limitOfCharge } from './lease.ts'

/** The places that one key has taken. A key that is reset gets a new object, which the leases from before do not know. */
interface Places {
  taken: number
}

/**
 * Leases in the memory of this process. It keeps one number for each client that has a request in flight, and nothing of
 * any other client: its memory is bounded by the connections of the server.
 */
export class MemoryLeases implements LeaseStore {
  readonly capabilities: StoreCapabilities = {
    algorithms: [],
    severalLimits: false,
    leases: true,
    shared: false,
  }
  readonly #places = new Map<string, Places>()
  #isClosed = false

  /** How many keys have places taken. */
  get size(): number {
    return this.#places.size
  }

  consume(charge: Charge): Decision {
    this.#checkOpen()
    const limit = limitOfCharge(charge)
    const places = this.#places.get(charge.key)
    const taken = places?.taken ?? 0
    if (taken >= limit.limit) return leaseDecision(limit, { taken, allowed: false })
    const lease = this.#take(charge.key, places)
    return leaseDecision(limit, { taken: taken + 1, allowed: true }, lease)
  }

  peek(charge: Charge): Decision {
    this.#checkOpen()
    const limit = limitOfCharge(charge)
    const taken = this.#places.get(charge.key)?.taken ?? 0
    return leaseDecision(limit, { taken, allowed: taken < limit.limit })
  }

  /** A lease is one place: it is kept, or with a cost of 0 it is given back. */
  settle(receipt: Receipt, cost: number): number {
    if (cost > 0) return 1
    ;(receipt as Partial<Lease>).release?.()
    return 0
  }

  reset(key: string): void {
    this.#places.delete(key)
  }

  resetAll(): void {
    this.#places.clear()
  }

  close(): void {
    this.#isClosed = true
    this.#places.clear()
  }

  #take(key: string, known: Places | undefined): Lease {
    const places = known ?? { taken: 0 }
    if (known === undefined) this.#places.set(key, places)
    places.taken++
    let isHeld = true
    return {
      release: () => {
        if (!isHeld) return
        isHeld = false
        places.taken--
        if (places.taken === 0 && this.#places.get(key) === places) this.#places.delete(key)
      },
    }
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this MemoryLeases was closed',
      remedy: 'Close it after the last request.',
    })
  }
}
