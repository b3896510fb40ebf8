import { describe, expect, it } from 'vitest'
import { createRateLimiter, RateLimiterError } from '../../../src/index.ts'
import { LIMITER_DESCRIPTION } from '../../../src/limits/limiter-description.ts'
import { LimiterTally } from '../../../src/tools/metrics/limiter-tally.ts'

const limiter = createRateLimiter({ name: 'api' })
const event = { limiter: limiter[LIMITER_DESCRIPTION] }
const decision = { ...event, key: '192.0.2.1', plan: undefined, cost: 1, decision: undefined }

describe('LimiterTally', () => {
  it('counts a decision in its class, and in none if it has no class', () => {
    const tally = new LimiterTally(limiter)
    tally.onDecision({ ...decision, class: 'write', outcome: 'limited' })
    tally.onDecision({ ...decision, class: 'write', outcome: 'limited' })
    tally.onDecision({ ...decision, class: undefined, outcome: 'denied' })
    expect(tally.decisions.write.limited).toBe(2)
    expect(tally.decisions.none.denied).toBe(1)
    expect(tally.decisions.read).toEqual(new LimiterTally(limiter).decisions.read)
  })

  it('records the durations of calls in seconds and reports them to the callback', () => {
    const reported: number[] = []
    const tally = new LimiterTally(limiter, (durationSec) => reported.push(durationSec))
    tally.onStoreCall({ ...event, verb: 'consume', durationMs: 250, failure: undefined })
    tally.onStoreCall({ ...event, verb: 'peek', durationMs: 2, failure: 'timeout' })
    expect(reported).toEqual([0.25, 0.002])
    expect(tally.durations.sumSec).toBeCloseTo(0.252, 10)
    expect(tally.durations.cumulative().at(-1)).toBe(2)
  })

  it('counts failures by kind, and bans by cause', () => {
    const tally = new LimiterTally(limiter)
    const error = new RateLimiterError({ code: 'store_timeout', problem: 'late', remedy: 'Wait.' })
    tally.onStoreFailure({ ...event, kind: 'timeout', error })
    tally.onBan({ ...event, key: '192.0.2.1', cause: 'refusals', endsInMs: 1000 })
    tally.onBan({ ...event, key: '192.0.2.1', cause: 'reset', endsInMs: 0 })
    expect(tally.failures).toEqual({ timeout: 1, invalid_decision: 0, error: 0 })
    expect(tally.bans).toEqual({ refusals: 1, block: 0, unblock: 0, reset: 1 })
  })

  it('contains no client key', () => {
    const tally = new LimiterTally(createRateLimiter({ name: 'api' }))
    tally.onDecision({ ...decision, class: 'read', outcome: 'near' })
    tally.onBan({ ...event, key: '192.0.2.1', cause: 'block', endsInMs: 1000 })
    const { decisions, failures, bans } = tally
    expect(JSON.stringify({ decisions, failures, bans })).not.toContain('192.0.2.1')
    expect(decisions.read.near).toBe(1)
  })
})
