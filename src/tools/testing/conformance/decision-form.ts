import assert from 'node:assert/strict'
import type { Decision, LimitState } from '../../../limits/decision.ts'
import { type Limit, quotaOf } from '../../../limits/limit.ts'
import type { Charge } from '../../../stores/store.ts'

/** What holds for every answer, whatever was asked. */
export function checkForm(decision: Decision, { limits }: Charge): void {
  const { allowed, retryAfterMs, repeatAfterMs } = decision
  assert.equal(typeof allowed, 'boolean', 'allowed is a boolean')
  assert.ok(retryAfterMs >= 0, 'retryAfterMs is at least 0')
  assert.equal(retryAfterMs === 0, allowed, 'retryAfterMs is 0 exactly when allowed')
  if (repeatAfterMs !== undefined) {
    assert.ok(allowed && repeatAfterMs > 0, 'repeatAfterMs is above 0, and absent from a refusal')
  }
  assert.equal(decision.limits.length, limits.length, 'one state for each limit')
  checkBan(decision)
  decision.limits.forEach((state, index) => {
    const limit = limits[index]
    if (limit === undefined) return
    checkState(state, limit)
    if (decision.ban === undefined) {
      const longestMs = Math.ceil(quotaOf(limit).windowMs)
      assert.ok(state.resetMs <= longestMs, `resetMs is within the quota's window of ${longestMs} ms`)
    }
  })
}

function checkState(state: LimitState, { name, burst }: Limit): void {
  assert.equal(state.name, name, 'states are in the order of the limits')
  assert.equal(state.limit, burst, 'a state carries the burst of its limit')
  assert.ok(Number.isInteger(state.remaining) && state.remaining >= 0, 'remaining is a whole number')
  assert.ok(state.remaining <= burst, 'remaining is at most the burst of the limit')
  assert.ok(state.resetMs >= 0, 'resetMs is at least 0')
}

function checkBan({ allowed, retryAfterMs, limits, ban, receipt }: Decision): void {
  if (!allowed) assert.equal(receipt, undefined, 'a refusal has no receipt')
  if (ban === undefined) return
  assert.equal(allowed, false, 'a banned client is refused')
  assert.ok(ban.endsInMs > 0, 'ban.endsInMs is above 0: when a ban is over there is none')
  assert.equal(typeof ban.isNew, 'boolean', 'ban.isNew is a boolean')
  assert.ok(retryAfterMs >= ban.endsInMs, 'retryAfterMs is not before the end of the ban')
  for (const { remaining, resetMs } of limits) {
    assert.equal(remaining, 0, 'a banned client has nothing remaining')
    assert.ok(resetMs >= ban.endsInMs, 'resetMs is not before the end of the ban')
    assert.ok(resetMs <= retryAfterMs, 'resetMs is not beyond retryAfterMs while the client is banned')
  }
}
