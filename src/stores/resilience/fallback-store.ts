import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import type { Charge, Store } from '../store.ts'
import { shareOf } from './limit-share.ts'

/** A store that can start from the decisions of another store. */
export interface SeedableStore extends Store {
  seedFromRemote?(charge: Charge, decision: Decision): void
}

/**
 * Decides while the store of a limiter fails. Its counters are in this process, and start from the last
 * decisions of the store.
 */
export class FallbackStore {
  readonly #create: () => SeedableStore
  readonly #share: number
  #store: SeedableStore | undefined
  #isClosed = false
  readonly #shares = new WeakMap<readonly Limit[], readonly Limit[]>()
  /** Its receipts, and its refusals that started a ban. */
  readonly #own = new WeakSet<object>()

  /** @param share the part of each limit that this process may grant alone, above 0 and at most 1 */
  constructor(create: () => SeedableStore, share: number) {
    this.#create = create
    this.#share = share
  }

  /** Records a decision of the store, so that counting continues from there if the store fails. */
  seed(charge: Charge, decision: Decision): void {
    // The store may answer after its limiter was closed.
    if (this.#isClosed) return
    const shared = this.#shareOfCharge(charge)
    const limits = decision.limits.map((state) => {
      const part = Math.floor(state.remaining * this.#share)
      // A charge may be larger than the share. Then it takes the whole share, and here it has to be refused
      // too.
      const isRefused = !decision.allowed && state.remaining < charge.cost
      return { ...state, remaining: isRefused ? Math.min(part, shared.cost - 1) : part }
    })
    this.#ensureStore().seedFromRemote?.(shared, { ...decision, limits })
  }

  /** Undefined if it cannot decide at once. */
  decide(verb: 'consume' | 'peek', charge: Charge): Decision | undefined {
    if (this.#isClosed) return undefined
    const decision = this.#ensureStore()[verb]?.(this.#shareOfCharge(charge))
    if (decision === undefined || isPromiseLike(decision)) return undefined
    // `isOwn` is called for these only. To add to the set takes as long as the decision.
    const { receipt, ban } = decision
    if (receipt !== undefined || ban?.isNew === true) this.#own.add(receipt ?? decision)
    return decision
  }

  /** Whether this store made a receipt, or a decision that started a ban. */
  isOwn(made: Receipt | Decision): boolean {
    return this.#own.has(made)
  }

  settle(receipt: Receipt, cost: number): MaybePromise<number> {
    return this.#store?.settle?.(receipt, cost) ?? 0
  }

  /** Repeats a write to the store here. Does nothing if this store was never used. */
  async write(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    if (this.#store !== undefined) await writeTo(this.#store)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#store?.close?.()
  }

  #ensureStore(): SeedableStore {
    this.#store ??= this.#create()
    return this.#store
  }

  #shareOfCharge(charge: Charge): Charge {
    if (this.#share === 1) return charge
    let limits = this.#shares.get(charge.limits)
    if (limits === undefined) {
      limits = charge.limits.map((limit) => shareOf(limit, this.#share))
      this.#shares.set(charge.limits, limits)
    }
    // A charge that is larger than the share takes the whole share.
    const cost = Math.min(charge.cost, ...limits.map(({ burst }) => burst))
    return { ...charge, limits, cost }
  }
}
