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
    ['the one with fewer units', read(1000), write(200), 'write'],
    ['the one with fewer units, reads too', read(2), write(1000), 'read'],
    ['write where both are equal', read(5), write(5), 'write'],
    ['the one with fewer units a second', read(10, 3_600_000), write(10, 60_000), 'read'],
    [
      'write where reads have fewer units a second and more at once',
      read(100, 3_600_000),
      write(10),
      'write',
    ],
    ['write where reads have fewer units at once and more a second', read(10, 1000), write(20), 'write'],
    ['never one that is not limited: write', read(1000), false, 'read'],
    ['never one that is not limited: read', false, write(1000), 'write'],
    ['write where a function decides', byFunction, write(1000), 'write'],
    ['read where a function decides and writes are not limited', byFunction, false, 'read'],
  ] as const)('is %s', (_what, reads, writes, expected) => {
    expect(stricterClass({ read: reads, write: writes })).toBe(expected)
  })

  it('looks at the strictest of several limits', () => {
    const several = fixedPolicy('read', [limit(1000), limit(1, 60_000)])
    expect(stricterClass({ read: several, write: write(2) })).toBe('read')
  })

  it('is reads only where they have a stricter limit for each that writes have', () => {
    const bursts = fixedPolicy('read', [limit(20, 1000), limit(1000, 3_600_000)])
    expect(stricterClass({ read: bursts, write: write(20) })).toBe('write')
    const both = fixedPolicy('write', [limit(30, 1000), limit(2000, 3_600_000)])
    expect(stricterClass({ read: bursts, write: both })).toBe('read')
  })

  it('counts what a bucket holds as what can be had at once', () => {
    const bucket = { ...limit(60), algorithm: 'token-bucket' as const, burst: 1000 }
    expect(stricterClass({ read: fixedPolicy('read', [bucket]), write: write(61) })).toBe('write')
    expect(stricterClass({ read: fixedPolicy('read', [{ ...bucket, burst: 61 }]), write: write(61) })).toBe(
      'read',
    )
  })
})
