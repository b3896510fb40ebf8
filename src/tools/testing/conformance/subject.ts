import assert from 'node:assert/strict'
import type { BanRule } from '../../../limits/ban.ts'
import type { Decision, Receipt } from '../../../limits/decision.ts'
import { type AlgorithmName, type Limit, quotaOf } from '../../../limits/limit.ts'
import type { Charge, Store } from '../../../stores/store.ts'
import { FakeClock } from '../fake-clock.ts'
import { checkForm } from './decision-form.ts'

/** A minute, the window of the suite's limits unless a test says otherwise. */
export const WINDOW_MS = 60_000

export const HOUR_MS = 3_600_000

/** How much longer than its window a client is remembered, as a limiter would have it. */
const TTL_MARGIN_MS = 30_000

/** The store under test, with its clock and with charges at hand. */
export class Subject {
  readonly store: Store
  readonly clock: FakeClock
  /** The algorithms that this test is about; at least one. */
  readonly algorithms: readonly AlgorithmName[]

  constructor(create: (clock: FakeClock) => Store, algorithms: readonly AlgorithmName[]) {
    this.clock = new FakeClock()
    this.store = create(this.clock)
    this.algorithms = algorithms
  }

  /** A compiled limit, counted by the algorithm that this test is about: by the first, where it has several. */
  limit(units: number, overrides: Partial<Limit> = {}): Limit {
    const [algorithm = 'fixed-window'] = this.algorithms
    return limitOf(algorithm, units, overrides)
  }

  /** Charges `key` and checks the form of the answer on the way. */
  async consume(key: string, limits: readonly Limit[], cost = 1, ban?: BanRule): Promise<Decision> {
    const charge = chargeOf(key, limits, cost, ban)
    const decision = await this.store.consume(charge)
    checkForm(decision, charge)
    return decision
  }

  async peek(key: string, limits: readonly Limit[], cost = 1, ban?: BanRule): Promise<Decision> {
    const charge = chargeOf(key, limits, cost, ban)
    const decision = await this.store.peek?.(charge)
    assert.ok(decision !== undefined, 'peek() answers a decision')
    checkForm(decision, charge)
    return decision
  }

  /** Charges a client that must be admitted, for its receipt. */
  async receipt(limits: readonly Limit[], cost = 1): Promise<Receipt> {
    const { allowed, receipt } = await this.consume('client', limits, cost)
    assert.ok(allowed, `a charge of ${cost} is admitted`)
    assert.ok(receipt !== undefined, 'an admitted charge has a receipt')
    return receipt
  }

  /** Charges one unit `times` times; tells how many were admitted. */
  async admittedOf(times: number, key: string, limits: readonly Limit[]): Promise<number> {
    let admitted = 0
    for (let turn = 0; turn < times; turn++) {
      if ((await this.consume(key, limits)).allowed) admitted++
    }
    return admitted
  }

  /** Units that the first limit has left, without a charge. */
  async remaining(key: string, limits: readonly Limit[]): Promise<number | undefined> {
    return (await this.peek(key, limits)).limits[0]?.remaining
  }

  /** Has other clients take a unit each, so that a store that cleans up as it goes does so. */
  async others(clients: number): Promise<void> {
    const limits = [this.limit(1)]
    for (let client = 0; client < clients; client++) await this.consume(`other ${client}`, limits)
  }
}

/** A compiled limit of the suite. */
export function limitOf(algorithm: AlgorithmName, limit: number, overrides: Partial<Limit> = {}): Limit {
  const { windowMs = WINDOW_MS, burst = limit } = overrides
  const ttlMs = Math.ceil(quotaOf({ limit, windowMs, burst }).windowMs) + TTL_MARGIN_MS
  return { name: 'conformance', limit, windowMs, ttlMs, burst, algorithm, ...overrides }
}

function chargeOf(key: string, limits: readonly Limit[], cost: number, ban: BanRule | undefined): Charge {
  return ban === undefined ? { key, limits, cost } : { key, limits, cost, ban }
}
