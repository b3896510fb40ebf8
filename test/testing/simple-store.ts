import type { Decision, Receipt } from '../../src/limits/decision.ts'
import type { Charge, Store } from '../../src/stores/store.ts'
import type { FakeClock } from '../../src/testing/index.ts'

/** One client of a {@link SimpleStore}. */
export interface Counter {
  startMs: number
  used: number
}

/**
 * A store of one limit as somebody would write it on a first afternoon. Each step is a method, so that a
 * test can spoil one step and leave the rest right.
 */
export class SimpleStore implements Store {
  protected readonly counters: Map<string, Counter> = new Map()
  protected readonly spent: Set<Receipt> = new Set()
  protected readonly clock: FakeClock

  constructor(clock: FakeClock) {
    this.clock = clock
  }

  consume(charge: Charge): Decision | Promise<Decision> {
    const counter = this.current(charge)
    const decision = this.decide(charge, counter, charge.cost)
    if (!decision.allowed) return decision
    this.counters.set(this.keyOf(charge.key), counter)
    counter.used += charge.cost
    return { ...decision, receipt: { counter, cost: charge.cost } }
  }

  peek(charge: Charge): Decision {
    return this.decide(charge, this.current(charge), 0)
  }

  refund(receipt: Receipt): void {
    if (this.spent.has(receipt)) return
    this.spent.add(receipt)
    const { counter, cost } = receipt as unknown as { counter: Counter; cost: number }
    counter.used = Math.max(0, counter.used - cost)
  }

  reset(key: string): void {
    this.counters.delete(this.keyOf(key))
  }

  resetAll(): void {
    this.counters.clear()
  }

  protected keyOf(key: string): string {
    return key
  }

  /** The counter of the window that is open now; a new one, known to nobody yet, where none is. */
  protected current({ key, limits }: Charge): Counter {
    const nowMs = this.clock.now()
    const counter = this.counters.get(this.keyOf(key))
    if (counter === undefined || nowMs >= counter.startMs + (limits[0]?.windowMs ?? 0)) {
      return { startMs: nowMs, used: 0 }
    }
    this.rewind(counter, nowMs)
    return counter
  }

  protected rewind(counter: Counter, nowMs: number): void {
    counter.startMs = Math.min(counter.startMs, nowMs)
  }

  /** What the limit says; a `taken` of 0 shows what is left and asks about the cost all the same. */
  protected decide({ limits: [limit], cost }: Charge, { startMs, used }: Counter, taken: number): Decision {
    if (limit === undefined) throw new Error('a charge has a limit')
    const resetMs = startMs + limit.windowMs - this.clock.now()
    const allowed = used + cost <= limit.limit
    const remaining = Math.max(0, limit.limit - used - (allowed ? taken : 0))
    return {
      allowed,
      retryAfterMs: allowed ? 0 : resetMs,
      limits: [{ name: limit.name, limit: limit.limit, remaining, resetMs }],
    }
  }
}
