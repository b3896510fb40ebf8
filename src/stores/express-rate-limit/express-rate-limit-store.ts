import { RateLimiterError } from '../../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import { plainKeyOf } from '../plain-key.ts'
import type { Charge, Store, StoreCapabilities } from '../store.ts'
import { checkUnitCost } from '../unit-cost.ts'
import type { HitCounter } from './hit-counter.ts'
import { decisionAfter, decisionBefore } from './hit-decision.ts'
import { HitReceipt } from './hit-receipt.ts'
import { OneWindow } from './one-window.ts'

/** A store of express-rate-limit as a store of this library. */
export class ExpressRateLimitStore implements Store {
  readonly capabilities: StoreCapabilities
  /** Undefined if the given store has no `get`. */
  readonly peek?: (charge: Charge) => Promise<Decision>
  /** Undefined if the given store has no `resetAll`. */
  readonly resetAll?: () => Promise<void>
  readonly #counter: HitCounter
  readonly #window = new OneWindow()
  #started: Promise<void> | undefined
  #closed = false

  constructor(counter: HitCounter) {
    this.#counter = counter
    this.capabilities = {
      algorithms: ['fixed-window'],
      severalLimits: false,
      bans: false,
      unitCostOnly: true,
      shared: !counter.isLocal,
    }
    const { get, resetAll } = counter
    if (get !== undefined) this.peek = (charge) => this.#peek(charge, get)
    if (resetAll !== undefined) this.resetAll = resetAll
  }

  prepare(limits: readonly Limit[]): void {
    const windowMs = this.#window.claim(limits)
    // If it fails, the first charge starts the store again.
    if (windowMs !== undefined) this.#start(windowMs).catch(() => undefined)
  }

  /** Resolves when `init` of the store has ended, and rejects if it fails. */
  async ready(): Promise<void> {
    const { windowMs } = this.#window
    if (windowMs !== undefined) await this.#start(windowMs)
  }

  /** Adds one hit, also if the charge is refused: such a store cannot compare and count in one step. */
  async consume(charge: Charge): Promise<Decision> {
    const limit = await this.#limitOf(charge)
    if (charge.isAbandoned === true) throw new Error('the store was ready too late')
    const key = plainKeyOf(charge.key)
    const askedAtMs = Date.now()
    const hits = await this.#counter.increment(key)
    const decision = decisionAfter(hits, limit)
    if (!decision.allowed || charge.refundable === false) return decision
    const endsAtMs = hits.endsAtMs ?? askedAtMs + limit.windowMs
    return { ...decision, receipt: new HitReceipt(this, key, endsAtMs, limit.windowMs) }
  }

  /** Takes a hit back if `cost` is 0 and the window of the charge is not over. */
  async settle(receipt: Receipt, cost: number): Promise<number> {
    checkUnitCost(this, cost)
    if (!HitReceipt.isOf(this, receipt)) return 0
    if (cost > 0 || !receipt.isRefundable) return receipt.units
    // Before the call: of two settlements at the same time, one takes the hit back.
    receipt.units = 0
    await this.#counter.decrement(receipt.key)
    return 0
  }

  async reset(key: string): Promise<void> {
    await this.#counter.resetKey(plainKeyOf(key))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#counter.shutdown()
  }

  async #peek(charge: Charge, get: NonNullable<HitCounter['get']>): Promise<Decision> {
    const limit = await this.#limitOf(charge)
    return decisionBefore(await get(plainKeyOf(charge.key)), limit)
  }

  /** The limit of a charge, after the store has started with its window. */
  async #limitOf({ limits, cost }: Charge): Promise<Limit> {
    if (this.#closed) throw closedError()
    checkUnitCost(this, cost)
    const [limit] = limits
    if (limit === undefined || limits.length > 1) throw new Error(`it got ${limits.length} limits`)
    this.#window.claim(limits)
    await this.#start(limit.windowMs)
    return limit
  }

  /** Starts the store once, and again after a failure: its server may be down when the app starts. */
  #start(windowMs: number): Promise<void> {
    this.#started ??= this.#counter.start(windowMs).catch((error: unknown) => {
      this.#started = undefined
      throw error
    })
    return this.#started
  }
}

function closedError(): RateLimiterError {
  return new RateLimiterError({
    code: 'closed',
    problem: 'this ExpressRateLimitStore was closed',
    remedy: 'Close it after the last request.',
  })
}
