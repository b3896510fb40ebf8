import assert from 'node:assert/strict'
import type { BanRule } from '../../../limits/ban.ts'
import { calendarOf } from '../../../limits/calendar.ts'
import type { Decision, Receipt } from '../../../limits/decision.ts'
import { type AlgorithmName, type Limit, quotaOf } from '../../../limits/limit.ts'
import type { Charge, Store } from '../../../stores/store.ts'
import { FakeClock } from '../fake-clock.ts'
import { assertValidDecision } from './valid-decision.ts'

/** The window of the suite's limits, unless a case needs another one: a minute. */
export const WINDOW_MS = 60_000

export const HOUR_MS = 3_600_000

/** The first charge of a case begins a whole window of a minute. */
const START_OF_A_MINUTE_MS = 1_700_000_040_000

/** How much longer than its window a client is remembered, in a limiter and in this suite. */
const TTL_MARGIN_MS = 30_000

/** The store under test, with its clock. Every decision of the store is checked. */
export class TestedStore {
  readonly store: Store
  readonly clock: FakeClock
  /** The algorithms that the case is run for; at least one. */
  readonly algorithms: readonly AlgorithmName[]

  constructor(create: (clock: FakeClock) => Store, algorithms: readonly AlgorithmName[]) {
    this.clock = algorithms[0] === 'calendar-window' ? new FakeClock(START_OF_A_MINUTE_MS) : new FakeClock()
    this.store = create(this.clock)
    this.algorithms = algorithms
  }

  /** A compiled limit of the algorithm that the case is run for; of the first, where there are several. */
  limit(units: number, overrides: Partial<Limit> = {}): Limit {
    const [algorithm = 'fixed-window'] = this.algorithms
    return limitOf(algorithm, units, overrides)
  }

  /** A cost of so many units, or of one if the store counts charges of one unit only. */
  cost(units: number): number {
    return this.store.capabilities?.unitCostOnly === true ? 1 : units
  }

  /** Takes units that remain: in one charge, or one by one if the store counts charges of one unit only. */
  async use(key: string, limits: readonly Limit[], units: number): Promise<void> {
    const cost = this.cost(units)
    for (let used = 0; used < units; used += cost) {
      await this.assertAllowed('A charge must be allowed while units remain.', key, limits, cost)
    }
  }

  async consume(key: string, limits: readonly Limit[], cost = 1, ban?: BanRule): Promise<Decision> {
    const charge = chargeOf(key, limits, cost, ban)
    const decision = await this.store.consume(charge)
    assertValidDecision(decision, charge)
    return decision
  }

  async peek(key: string, limits: readonly Limit[], cost = 1, ban?: BanRule): Promise<Decision> {
    const charge = chargeOf(key, limits, cost, ban)
    const decision = await this.store.peek?.(charge)
    assert.ok(decision !== undefined, 'peek() must return a decision.')
    assertValidDecision(decision, charge)
    return decision
  }

  /**
   * Charges a client, and asserts that the charge is allowed.
   *
   * @param rule the message of the assertion error
   */
  async assertAllowed(
    rule: string,
    key: string,
    limits: readonly Limit[],
    cost = 1,
    ban?: BanRule,
  ): Promise<Decision> {
    const decision = await this.consume(key, limits, cost, ban)
    assert.equal(decision.allowed, true, rule)
    return decision
  }

  /** Charges a client, and asserts that the charge is refused. */
  async assertRefused(
    rule: string,
    key: string,
    limits: readonly Limit[],
    cost = 1,
    ban?: BanRule,
  ): Promise<Decision> {
    const decision = await this.consume(key, limits, cost, ban)
    assert.equal(decision.allowed, false, rule)
    return decision
  }

  /** Charges the client `client`, asserts that the charge is allowed, and returns its receipt. */
  async receiptOf(limits: readonly Limit[], cost = 1): Promise<Receipt> {
    const rule = `A charge of ${cost} must be allowed while so many units remain.`
    const { receipt } = await this.assertAllowed(rule, 'client', limits, cost)
    assert.ok(receipt !== undefined, 'An allowed charge must have a receipt when the store has settle().')
    return receipt
  }

  /** Charges a client one unit, `charges` times. Returns how many charges were allowed. */
  async countAllowed(charges: number, key: string, limits: readonly Limit[]): Promise<number> {
    let allowed = 0
    for (let charge = 0; charge < charges; charge++) {
      if ((await this.consume(key, limits)).allowed) allowed++
    }
    return allowed
  }

  /** The units that remain of the first limit. Takes nothing. */
  async remaining(key: string, limits: readonly Limit[]): Promise<number | undefined> {
    return (await this.peek(key, limits)).limits[0]?.remaining
  }

  /** Charges other clients, so that a store that removes old clients during charges does so. */
  async chargeOthers(clients: number): Promise<void> {
    const limits = [this.limit(1)]
    for (let client = 0; client < clients; client++) await this.consume(`other ${client}`, limits)
  }
}

/** A compiled limit of the suite. A calendar window is a minute, or an hour if `windowMs` is one. */
export function limitOf(algorithm: AlgorithmName, limit: number, overrides: Partial<Limit> = {}): Limit {
  const { windowMs = WINDOW_MS, burst = limit } = overrides
  const ttlMs = Math.ceil(quotaOf({ limit, windowMs, burst }).windowMs) + TTL_MARGIN_MS
  const calendar = calendarOf(windowMs < HOUR_MS ? 'minute' : 'hour', 'UTC')
  return {
    name: 'conformance',
    ...{ limit, windowMs, ttlMs, burst, algorithm },
    ...(algorithm === 'calendar-window' ? { calendar } : {}),
    ...overrides,
  }
}

function chargeOf(key: string, limits: readonly Limit[], cost: number, ban: BanRule | undefined): Charge {
  return ban === undefined ? { key, limits, cost } : { key, limits, cost, ban }
}
