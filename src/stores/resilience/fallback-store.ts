import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { isPromiseLike, type MaybePromise } from '../../maybe-promise.ts'
import type { Charge, Store } from '../store.ts'
import { shareOf } from './limit-share.ts'

/** A store that can be told what another one has decided. */
export interface SeedableStore extends Store {
  seedFromRemote?(charge: Charge, decision: Decision): void
}

/** What a limiter goes on with while its store fails: counters of this process, which know what the store said. */
export class FallbackStore {
  readonly #make: () => SeedableStore
  readonly #share: number
  #store: SeedableStore | undefined
  #isClosed = false
  readonly #shares = new WeakMap<readonly Limit[], readonly Limit[]>()
  /** Receipts that it wrote, and refusals of it that brought a ban about. */
  readonly #own = new WeakSet<object>()

  /** @param share of each limit, from above 0 to 1, that this process may grant alone */
  constructor(make: () => SeedableStore, share: number) {
    this.#make = make
    this.#share = share
  }

  /** Notes what the store decided, to go on from there should it fail. */
  learn(charge: Charge, decision: Decision): void {
    // An answer may be on its way when its limiter is closed, and a request be waiting for it.
    if (this.#isClosed) return
    const shared = this.#shared(charge)
    const limits = decision.limits.map((state) => {
      const part = Math.floor(state.remaining * this.#share)
      // Of a charge that a share cannot hold all of the share is taken, and it has to be refused as well.
      const isRefused = !decision.allowed && state.remaining < charge.cost
      return { ...state, remaining: isRefused ? Math.min(part, shared.cost - 1) : part }
    })
    this.#ensureStore().seedFromRemote?.(shared, { ...decision, limits })
  }

  /** Undefined where it cannot decide at once. */
  decide(verb: 'consume' | 'peek', charge: Charge): Decision | undefined {
    if (this.#isClosed) return undefined
    const decision = this.#ensureStore()[verb]?.(this.#shared(charge))
    if (decision === undefined || isPromiseLike(decision)) return undefined
    // What nobody will ask about is not noted: it takes as long as the decision.
    const { receipt, ban } = decision
    if (receipt !== undefined || ban?.isNew === true) this.#own.add(receipt ?? decision)
    return decision
  }

  /** Whether a receipt, or a decision that brought a ban about, is of its making. */
  isOwn(written: Receipt | Decision): boolean {
    return this.#own.has(written)
  }

  refund(receipt: Receipt): MaybePromise<void> {
    return this.#store?.refund?.(receipt)
  }

  /** Does to it what is done to the store; nothing where it was never needed. */
  async write(writeTo: (store: Store) => MaybePromise<void>): Promise<void> {
    if (this.#store !== undefined) await writeTo(this.#store)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#store?.close?.()
  }

  #ensureStore(): SeedableStore {
    this.#store ??= this.#make()
    return this.#store
  }

  #shared(charge: Charge): Charge {
    if (this.#share === 1) return charge
    let limits = this.#shares.get(charge.limits)
    if (limits === undefined) {
      limits = charge.limits.map((limit) => shareOf(limit, this.#share))
      this.#shares.set(charge.limits, limits)
    }
    // More than a share holds can never be taken of it: then all of it is.
    const cost = Math.min(charge.cost, ...limits.map(({ burst }) => burst))
    return { ...charge, limits, cost }
  }
}
