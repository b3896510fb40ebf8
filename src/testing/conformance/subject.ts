import assert from 'node:assert/strict'
import type { Decision } from '../../limits/decision.ts'
import type { Limit } from '../../limits/limit.ts'
import type { Charge, Store } from '../../stores/store.ts'
import { FakeClock } from '../fake-clock.ts'

/** A minute, the window of the suite's limits unless a test says otherwise. */
export const WINDOW_MS = 60_000

/** The store under test, with its clock and with charges at hand. */
export class Subject {
  readonly store: Store
  readonly clock: FakeClock

  constructor(create: (clock: FakeClock) => Store) {
    this.clock = new FakeClock()
    this.store = create(this.clock)
  }

  /** Charges `key` and checks the form of the answer on the way. */
  async consume(key: string, limits: readonly Limit[], cost = 1): Promise<Decision> {
    const charge: Charge = { key, limits, cost }
    const decision = await this.store.consume(charge)
    checkForm(decision, charge)
    return decision
  }

  async peek(key: string, limits: readonly Limit[], cost = 1): Promise<Decision> {
    const charge: Charge = { key, limits, cost }
    const decision = await this.store.peek?.(charge)
    assert.ok(decision !== undefined, 'peek() answers a decision')
    checkForm(decision, charge)
    return decision
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
}

/** A compiled limit of the suite. */
export function limitOf(limit: number, overrides: Partial<Limit> = {}): Limit {
  const windowMs = overrides.windowMs ?? WINDOW_MS
  return {
    name: 'conformance',
    limit,
    windowMs,
    ttlMs: windowMs + 30_000,
    burst: limit,
    algorithm: 'fixed-window',
    ...overrides,
  }
}

function checkForm(decision: Decision, { limits }: Charge): void {
  assert.equal(typeof decision.allowed, 'boolean', 'allowed is a boolean')
  assert.equal(decision.limits.length, limits.length, 'one state for each limit')
  assert.ok(decision.retryAfterMs >= 0, 'retryAfterMs is at least 0')
  assert.equal(decision.retryAfterMs === 0, decision.allowed, 'retryAfterMs is 0 exactly when allowed')
  decision.limits.forEach((state, index) => {
    const limit = limits[index]
    assert.equal(state.name, limit?.name, 'states are in the order of the limits')
    assert.equal(state.limit, limit?.limit, 'a state carries its limit')
    assert.ok(Number.isInteger(state.remaining) && state.remaining >= 0, 'remaining is a whole number')
    assert.ok(state.resetMs >= 0 && state.resetMs <= (limit?.windowMs ?? 0), 'resetMs is within the window')
  })
}
