import { describe, expect, it } from 'vitest'
import { dynamicPolicy, fixedPolicy } from '../../src/limits/policy.ts'
import { stricterClass } from '../../src/limits/stricter-class.ts'

const limit = (units: number, windowMs = 60_000) => ({
  name: `${units} in ${windowMs}`,
  limit: units,
  burst: units,
  windowMs,
  ttlMs: windowMs,
  algorithm: 'fixed-window' as const,
})
const read = (units: number, windowMs?: number) => fixedPolicy('read', [limit(units, windowMs)])
const write = (units: number, windowMs?: number) => fixedPolicy('write', [limit(units, windowMs)])
const byFunction = dynamicPolicy('read', limit(1), () => 5)

describe('the stricter class', () => {
  it.each([
    ['the class with fewer units', read(1000), write(200), 'write'],
    ['the class with fewer units, also if this is read', read(2), write(1000), 'read'],
    ['write if both are equal', read(5), write(5), 'write'],
    ['the class with fewer units per second', read(10, 3_600_000), write(10, 60_000), 'read'],
    ['write if read has fewer units per second and more at once', read(100, 3_600_000), write(10), 'write'],
    ['write if read has fewer units at once and more per second', read(10, 1000), write(20), 'write'],
    ['read if write is not limited', read(1000), false, 'read'],
    ['write if read is not limited', false, write(1000), 'write'],
    ['write if a function decides the limit of read', byFunction, write(1000), 'write'],
    ['read if a function decides its limit and write is not limited', byFunction, false, 'read'],
  ] as const)('is %s', (_what, reads, writes, expected) => {
    expect(stricterClass({ read: reads, write: writes })).toBe(expected)
  })

  it('depends on the strictest of several limits', () => {
    const several = fixedPolicy('read', [limit(1000), limit(1, 60_000)])
    expect(stricterClass({ read: several, write: write(2) })).toBe('read')
  })

  it('is read only if read has a stricter limit for each limit of write', () => {
    const bursts = fixedPolicy('read', [limit(20, 1000), limit(1000, 3_600_000)])
    expect(stricterClass({ read: bursts, write: write(20) })).toBe('write')
    const both = fixedPolicy('write', [limit(30, 1000), limit(2000, 3_600_000)])
    expect(stricterClass({ read: bursts, write: both })).toBe('read')
  })

  it('counts the units that a bucket holds as units that are allowed at once', () => {
    const bucket = { ...limit(60), algorithm: 'token-bucket' as const, burst: 1000 }
    expect(stricterClass({ read: fixedPolicy('read', [bucket]), write: write(61) })).toBe('write')
    expect(stricterClass({ read: fixedPolicy('read', [{ ...bucket, burst: 61 }]), write: write(61) })).toBe(
      'read',
    )
  })
})
