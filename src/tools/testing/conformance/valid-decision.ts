import assert from 'node:assert/strict'
import type { Decision, LimitState } from '../../../limits/decision.ts'
import { type Limit, quotaOf } from '../../../limits/limit.ts'
import type { Charge } from '../../../stores/store.ts'

/** Checks the rules that every decision must keep, whatever the charge was. */
export function assertValidDecision(decision: Decision, { limits }: Charge): void {
  const { allowed, retryAfterMs, repeatAfterMs } = decision
  assert.equal(typeof allowed, 'boolean', 'allowed must be a boolean.')
  assert.ok(retryAfterMs >= 0, 'retryAfterMs must be at least 0.')
  assert.equal(retryAfterMs === 0, allowed, 'retryAfterMs must be 0 exactly when allowed is true.')
  if (repeatAfterMs !== undefined) {
    assert.ok(allowed, 'A refusal must not have repeatAfterMs.')
    assert.ok(repeatAfterMs > 0, 'repeatAfterMs must be above 0.')
  }
  assert.equal(decision.limits.length, limits.length, 'A decision must have one state for each limit.')
  assertValidBan(decision)
  decision.limits.forEach((state, index) => {
    const limit = limits[index]
    if (limit === undefined) return
    assertValidState(state, limit)
    if (decision.ban === undefined) {
      const maxMs = Math.ceil(quotaOf(limit).windowMs)
      assert.ok(state.resetMs <= maxMs, `resetMs must be at most the window of the quota, ${maxMs} ms.`)
    }
  })
}

function assertValidState(state: LimitState, { name, burst }: Limit): void {
  assert.equal(state.name, name, 'The states must have the order of the limits.')
  assert.equal(state.limit, burst, 'The limit of a state must be the burst of its limit.')
  assert.ok(
    Number.isInteger(state.remaining) && state.remaining >= 0,
    'remaining must be a whole number of at least 0.',
  )
  assert.ok(state.remaining <= burst, 'remaining must be at most the burst of the limit.')
  assert.ok(state.resetMs >= 0, 'resetMs must be at least 0.')
}

function assertValidBan({ allowed, retryAfterMs, limits, ban, receipt }: Decision): void {
  if (!allowed) assert.equal(receipt, undefined, 'A refusal must not have a receipt.')
  if (ban === undefined) return
  assert.equal(allowed, false, 'A banned client must be refused.')
  assert.ok(ban.endsInMs > 0, 'ban.endsInMs must be above 0. After the end of a ban, ban must be undefined.')
  assert.equal(typeof ban.isNew, 'boolean', 'ban.isNew must be a boolean.')
  assert.ok(retryAfterMs >= ban.endsInMs, 'retryAfterMs must not be before the end of the ban.')
  for (const { remaining, resetMs } of limits) {
    assert.equal(remaining, 0, 'remaining must be 0 during a ban.')
    assert.ok(resetMs >= ban.endsInMs, 'resetMs must not be before the end of the ban.')
    assert.ok(resetMs <= retryAfterMs, 'resetMs must be at most retryAfterMs during a ban.')
  }
}
