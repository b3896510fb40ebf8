import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyPattern, redisKeysOf } from '../../../src/stores/redis/redis-key.ts'

const keyOf = redisKeysOf('tollgate')

/** Characters with a meaning here, in Redis or in UTF-8, and their escaped forms. */
const piece = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '%',
    '#',
    ':',
    ' ',
    '\u0000',
    '\r\n',
    '\u007f',
    '\u0080',
    '\u00e9',
    '\ud800',
    '\udc00',
  ),
  fc.constantFrom('\u{1f6a7}', '%007b', '007b', '%', 'a', '7b', '#x', 'k'.repeat(199), 'k'.repeat(10_000)),
  fc.string({ unit: 'binary', maxLength: 3 }),
)
const clientKey = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))

/** The key before it was escaped. Only for a short Redis key. */
function readBack(redisKey: string): string {
  const escaped = redisKey.slice('tollgate:v2:'.length)
  return escaped.replace(/%([0-9a-f]{4})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

describe('the key in Redis', () => {
  it('shows the prefix, the version of the format and a plain key as they are', () => {
    expect(keyOf('default:read:203.0.113.7')).toBe('tollgate:v2:default:read:203.0.113.7')
    expect(redisKeysOf('{app}:x')('api:write:2001:db8::/56')).toBe('{app}:x:v2:api:write:2001:db8::/56')
    expect(redisKeysOf('')('')).toBe(':v2:')
  })

  it('escapes all other characters, by code units', () => {
    expect(keyOf('{a}%#')).toBe('tollgate:v2:%007ba%007d%0025%0023')
    expect(keyOf(' \u0000\u00e9\ud800\u{1f6a7}\u007f')).toBe(
      'tollgate:v2:%0020%0000%00e9%d800%d83d%dea7%007f',
    )
    expect(keyOf('!"$&\'()*+,-./09:;<=>?@AZ[\\]^_`az|~')).toBe(
      'tollgate:v2:!"$&\'()*+,-./09:;<=>?@AZ[\\]^_`az|~',
    )
  })

  it('is a digest if it would be longer than 200 characters', () => {
    expect(keyOf('k'.repeat(200))).toBe(`tollgate:v2:${'k'.repeat(200)}`)
    const digest = createHash('sha256').update('k'.repeat(201)).digest('base64url')
    expect(keyOf('k'.repeat(201))).toBe(`tollgate:v2:#${digest}`)
    const escaped = createHash('sha256').update('%007b'.repeat(41)).digest('base64url')
    expect(keyOf('{'.repeat(40))).toBe(`tollgate:v2:${'%007b'.repeat(40)}`)
    expect(keyOf('{'.repeat(41))).toBe(`tollgate:v2:#${escaped}`)
  })

  it('is different for each key, whatever characters it has', () => {
    fc.assert(
      fc.property(clientKey, clientKey, (one, other) => {
        expect(keyOf(one) === keyOf(other)).toBe(one === other)
      }),
      { numRuns: 5000 },
    )
  })

  it('is different for each long key', () => {
    const long = 'k'.repeat(10_000)
    const keys = [`${long}1`, `${long}2`, `${long}\ud800`, `${long}\udc00`, `${long}\ufffd`, `${long}{`, long]
    expect(new Set(keys.map(keyOf)).size).toBe(keys.length)
  })

  it('of a long key is different from that of a key that looks like its digest', () => {
    const digest = keyOf('k'.repeat(10_000)).slice('tollgate:v2:'.length)
    expect(keyOf(digest)).toBe(`tollgate:v2:%0023${digest.slice(1)}`)
  })

  it('can be decoded if it is short, so that no two keys have the same name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), clientKey, (short, other) => {
        for (const key of [short, other]) {
          const redisKey = keyOf(key)
          if (!redisKey.startsWith('tollgate:v2:#')) expect(readBack(redisKey)).toBe(key)
        }
      }),
    )
  })

  it('has at most 200 characters after the prefix, all of them printable ASCII and none of them a brace', () => {
    fc.assert(
      fc.property(clientKey, (key) => {
        const after = redisKeysOf('{tag}')(key).slice('{tag}'.length)
        expect(after).toMatch(/^:v2:[!-z|~]{0,200}$/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the pattern of all keys of a prefix', () => {
  it('matches the whole prefix, and escapes its special characters', () => {
    expect(keyPattern('tollgate')).toBe('tollgate:v2:*')
    expect(keyPattern('{app}:a')).toBe('{app}:a:v2:*')
    expect(keyPattern('a*b?c[d]e^f-g\\h')).toBe('a\\*b\\?c\\[d\\]e\\^f\\-g\\\\h:v2:*')
  })
})
