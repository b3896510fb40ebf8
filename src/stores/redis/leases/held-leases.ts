// The leases of the requests that run in this process, and the timer that renews them.

import { startInBackground } from '../../../background-timer.ts'
import { withDeadline } from '../../resilience/deadline.ts'

/** A lease that is to be renewed while its request runs. */
export interface HeldLease {
  /** The store key of the client. */
  readonly key: string
  /** How many leases of the key may live at once. */
  readonly limit: number
  /** By the monotonic clock of this process, in milliseconds. */
  renewedAtMs: number
}

/** Renews leases of one key. It resolves when Redis has answered. */
type Renew = (key: string, limit: number, ids: readonly string[]) => Promise<unknown>

/** The timer runs four times in the life of a lease, which is renewed in its second quarter. Then half is left to try again. */
const TURNS_IN_A_LIFE = 4

/** The leases that this process holds. While there are any, one timer renews them. */
export class HeldLeases {
  readonly #leases = new Map<string, HeldLease>()
  readonly #periodMs: number
  readonly #renew: Renew
  #stopTimer: (() => void) | undefined

  /** @param leaseMs how long a lease lives unless it is renewed */
  constructor(leaseMs: number, renew: Renew) {
    this.#periodMs = Math.floor(leaseMs / TURNS_IN_A_LIFE)
    this.#renew = renew
  }

  add(id: string, lease: HeldLease): void {
    this.#leases.set(id, lease)
    this.#schedule()
  }

  delete(id: string): void {
    this.#leases.delete(id)
  }

  /** Renews no lease of a key any more. */
  forget(key: string): void {
    for (const [id, lease] of this.#leases) if (lease.key === key) this.#leases.delete(id)
  }

  clear(): void {
    this.#leases.clear()
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  #schedule(): void {
    this.#stopTimer ??= startInBackground(() => setTimeout(() => void this.#renewDue(), this.#periodMs))
  }

  async #renewDue(): Promise<void> {
    const nowMs = performance.now()
    const renewals = [...this.#dueByKey(nowMs - this.#periodMs)].map(([key, ids]) =>
      this.#renewKey(key, ids, nowMs),
    )
    await Promise.all(renewals)
    this.#stopTimer = undefined
    if (this.#leases.size > 0) this.#schedule()
  }

  /** Most requests end before their lease is due. */
  #dueByKey(renewedBeforeMs: number): ReadonlyMap<string, string[]> {
    const due = new Map<string, string[]>()
    for (const [id, { key, renewedAtMs }] of this.#leases) {
      if (renewedAtMs > renewedBeforeMs) continue
      const ids = due.get(key)
      if (ids === undefined) due.set(key, [id])
      else ids.push(id)
    }
    return due
  }

  async #renewKey(key: string, ids: readonly string[], nowMs: number): Promise<void> {
    const limit = Math.max(...ids.map((id) => this.#leases.get(id)?.limit ?? 0))
    const late = (): Error => new Error('Redis did not answer')
    try {
      await withDeadline(this.#renew(key, limit, ids), this.#periodMs, late)
    } catch {
      // The next turn of the timer tries again. While Redis fails, leases expire: so it is with a dead process too.
      return
    }
    for (const id of ids) {
      const lease = this.#leases.get(id)
      if (lease !== undefined) lease.renewedAtMs = nowMs
    }
  }
}
