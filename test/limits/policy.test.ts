import { describe, expect, it } from 'vitest'
import { dynamicPolicy, fixedPolicy, isDynamic } from '../../src/limits/policy.ts'
import { someLimit } from '../support/some-limit.ts'

const template = { ...someLimit(1, 60_000, 'tariff'), ttlMs: 90_000 }

describe('a fixed policy', () => {
  it('holds its limits as they are, by identity', () => {
    const limits = [someLimit(10, 1000)]
    const policy = fixedPolicy('read', limits)
    expect(policy.limits).toBe(limits)
    expect(policy.class).toBe('read')
    expect(isDynamic(policy)).toBe(false)
  })

  it('can hold a request of no more than the smallest burst', () => {
    const hour = { ...someLimit(1000, 3_600_000), burst: 40 }
    const [hundred, ten] = [someLimit(100, 1000), someLimit(10, 1000)]
    expect(fixedPolicy('write', [hundred, hour]).narrowest).toBe(hour)
    expect(fixedPolicy('write', [ten, hour]).narrowest).toBe(ten)
    expect(fixedPolicy('write', [hundred, hour, ten, hundred]).narrowest).toBe(ten)
  })
})

describe('a dynamic policy', () => {
  it('makes a limit of the number, in all else like its template', () => {
    const ask = (): number => 7
    const policy = dynamicPolicy('write', template, ask)
    expect(isDynamic(policy)).toBe(true)
    expect(policy.ask).toBe(ask)
    const seven = { ...template, limit: 7, burst: 7 }
    expect(policy.at(7)).toEqual({ class: 'write', narrowest: seven, limits: [seven] })
  })

  it('gives the same policy for the same number: stores compare limits by identity', () => {
    const policy = dynamicPolicy('read', template, () => 1)
    const [seven, eight] = [policy.at(7), policy.at(8)]
    expect(policy.at(7)).toBe(seven)
    expect(policy.at(7).limits).toBe(seven.limits)
    expect(policy.at(8)).toBe(eight)
    expect(eight).not.toBe(seven)
  })

  it('shares nothing with another one', () => {
    expect(dynamicPolicy('read', template, () => 1).at(7)).not.toBe(
      dynamicPolicy('read', template, () => 1).at(7),
    )
  })

  it('remembers a thousand numbers, and forgets them for the next: none is wrong afterwards', () => {
    const policy = dynamicPolicy('read', template, () => 1)
    const first = policy.at(1)
    for (let limit = 2; limit <= 1000; limit++) policy.at(limit)
    expect(policy.at(1)).toBe(first)
    expect(policy.at(1001).limits[0]?.limit).toBe(1001)
    const again = policy.at(1)
    expect(again).not.toBe(first)
    expect(again).toEqual(first)
    expect(policy.at(1)).toBe(again)
  })
})
