import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestClass } from '../../src/limits/request-class.ts'
import { storeKeysOf } from '../../src/stores/store-key.ts'

const keyOf = ([name, requestClass, key]: readonly [string, RequestClass, string]): string =>
  storeKeysOf(name)(requestClass, key)

describe('the key of a charge', () => {
  it('shows name, class and client', () => {
    expect(keyOf(['api', 'read', '2001:db8::/56'])).toBe('api:read:2001:db8::/56')
    expect(keyOf(['a:b%c', 'write', 'x:y%'])).toBe('a%3Ab%25c:write:x:y%')
  })

  // Threat 10: (name, class, key) -> store key is injective.
  it('is another one for each name, class and client, whatever they hold', () => {
    const piece = fc.constantFrom(
      ':',
      '%',
      '%3A',
      '%25',
      '3A',
      'read',
      'write',
      ':read:',
      'a',
      '\u0000',
      '\ud800',
    )
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
    const triple = fc.tuple(text, fc.constantFrom<RequestClass>('read', 'write'), text)
    fc.assert(
      fc.property(triple, triple, (one, other) => {
        const same = one.every((part, index) => part === other[index])
        expect(keyOf(one) === keyOf(other)).toBe(same)
      }),
      { numRuns: 5000 },
    )
  })

  it('can be read back, which is why no two can be alike', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, client) => {
        const [escaped = '', requestClass, ...rest] = keyOf([name, 'write', client]).split(':')
        const unescaped = escaped.replaceAll('%3A', ':').replaceAll('%25', '%')
        expect([unescaped, requestClass, rest.join(':')]).toEqual([name, 'write', client])
      }),
    )
  })
})
