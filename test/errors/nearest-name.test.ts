import { describe, expect, it } from 'vitest'
import { nearestName } from '../../src/errors/nearest-name.ts'

describe('nearestName', () => {
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
  ])('takes %j for %j', (given, nearest) => {
    expect(nearestName(given, names)).toBe(nearest)
  })

  it('takes the first of equally near names', () => {
    expect(nearestName('ab', ['abc', 'abd'])).toBe('abc')
  })

  it('finds nothing among no names', () => {
    expect(nearestName('read', [])).toBeUndefined()
  })
})
