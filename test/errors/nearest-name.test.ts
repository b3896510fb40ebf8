import { describe, expect, it } from 'vitest'
import { nearestName } from '../../src/errors/nearest-name.ts'

describe('the nearest name', () => {
  const names = ['read', 'write', 'windowSec', 'trustProxy', 'skip', 'store']

  it.each([
    ['wndowSec', 'windowSec'],
    ['windowSecs', 'windowSec'],
    ['windowsec', 'windowSec'],
    ['WINDOWSEC', 'windowSec'],
    ['trustproxy', 'trustProxy'],
    ['raed', 'read'],
    ['reed', 'read'],
    ['rite', 'write'],
    ['stroe', 'store'],
    ['sikp', 'skip'],
    ['erdx', undefined],
    ['storage', 'store'],
    ['x', undefined],
    ['', undefined],
    ['completelyDifferent', undefined],
  ])('of %j is %j', (given, nearest) => {
    expect(nearestName(given, names)).toBe(nearest)
  })

  it('is the first of several names that are equally near', () => {
    expect(nearestName('ab', ['abc', 'abd'])).toBe('abc')
  })

  it('is undefined if there are no names', () => {
    expect(nearestName('read', [])).toBeUndefined()
  })
})
