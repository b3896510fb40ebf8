import { describe, expect, it } from 'vitest'
import { dynamicPolicy, fixedPolicy, isDynamic } from '../../src/limits/policy.ts'
import { fixedWindowLimit } from '../support/limits-by-algorithm.ts'

const template = { ...fixedWindowLimit(1, 60_000, 'tariff'), ttlMs: 90_000 }

describe('a fixed policy', () => {
  it('has the same limit objects that it was created with', () => {
    const limits = [fixedWindowLimit(10, 1000)]
    const policy = fixedPolicy({ class: 'read' }, limits)
    expect(policy.limits).toBe(limits)
    expect(policy.class).toBe('read')
    expect(isDynamic(policy)).toBe(false)
  })

  it('has the limit with the smallest burst as its smallest limit', () => {
    const hour = { ...fixedWindowLimit(1000, 3_600_000), burst: 40 }
    const [hundred, ten] = [fixedWindowLimit(100, 1000), fixedWindowLimit(10, 1000)]
    expect(fixedPolicy({ class: 'write' }, [hundred, hour]).smallestLimit).toBe(hour)
    expect(fixedPolicy({ class: 'write' }, [ten, hour]).smallestLimit).toBe(ten)
    expect(fixedPolicy({ class: 'write' }, [hundred, hour, ten, hundred]).smallestLimit).toBe(ten)
  })
})

describe('a dynamic policy', () => {
  it('creates a limit with the given units, otherwise equal to its template', () => {
    const limitFunction = (): number => 7
    const policy = dynamicPolicy({ class: 'write' }, template, limitFunction)
    expect(isDynamic(policy)).toBe(true)
    expect(policy.limitFunction).toBe(limitFunction)
    const seven = { ...template, limit: 7, burst: 7 }
    expect(policy.withLimit(7)).toEqual({
      class: 'write',
      smallestLimit: seven,
      limits: [seven],
      refusesAll: false,
    })
  })

  it('gives the same policy object for the same number, because stores compare limits by identity', () => {
    const policy = dynamicPolicy({ class: 'read' }, template, () => 1)
    const [seven, eight] = [policy.withLimit(7), policy.withLimit(8)]
    expect(policy.withLimit(7)).toBe(seven)
    expect(policy.withLimit(7).limits).toBe(seven.limits)
    expect(policy.withLimit(8)).toBe(eight)
    expect(eight).not.toBe(seven)
  })

  it('shares no policies with another dynamic policy', () => {
    expect(dynamicPolicy({ class: 'read' }, template, () => 1).withLimit(7)).not.toBe(
      dynamicPolicy({ class: 'read' }, template, () => 1).withLimit(7),
    )
  })

  it('remembers 1000 numbers, forgets all of them for the next number, and is correct afterwards', () => {
    const policy = dynamicPolicy({ class: 'read' }, template, () => 1)
    const first = policy.withLimit(1)
    for (let limit = 2; limit <= 1000; limit++) policy.withLimit(limit)
    expect(policy.withLimit(1)).toBe(first)
    expect(policy.withLimit(1001).limits[0]?.limit).toBe(1001)
    const again = policy.withLimit(1)
    expect(again).not.toBe(first)
    expect(again).toEqual(first)
    expect(policy.withLimit(1)).toBe(again)
  })
})
