import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fingerprint, KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'

const SECRET = Int32Array.of(
  0x833d3433,
  0x009f389f,
  0x2398e64f,
  0x417acf39,
  0x243f6a88,
  0x85a308d3,
  0x13198a2e,
  0x03707344,
)

const BITS = 96

const wordsOf = ({ first, second, third }: Fingerprint): number[] => [first, second, third]
const textOf = (hash: KeyHash, key: string): string => wordsOf(hash.of(key)).join()

/** Which of its 96 bits differ. */
function differences(one: readonly number[], other: readonly number[]): boolean[] {
  return Array.from({ length: BITS }, (_, bit) => {
    const word = bit >>> 5
    return ((((one[word] ?? 0) ^ (other[word] ?? 0)) >>> (bit & 31)) & 1) === 1
  })
}

function withBitFlipped(secret: Int32Array, bit: number): Int32Array {
  const flipped = Int32Array.from(secret)
  flipped[bit >>> 5] = (flipped[bit >>> 5] ?? 0) ^ (1 << (bit & 31))
  return flipped
}

describe('a fingerprint', () => {
  it('is the same for one key under one secret, whatever was hashed in between', () => {
    const [one, other] = [new KeyHash(SECRET), new KeyHash(Int32Array.from(SECRET))]
    const keys = ['', 'api:read:203.0.113.7', 'a'.repeat(100), '\u0100', 'key \ud83d\ude00']
    const first = keys.map((key) => textOf(one, key))
    expect(keys.toReversed().map((key) => textOf(other, key))).toEqual(first.toReversed())
    const changed = new KeyHash()
    changed.secret = one.secret
    expect(changed.secret).toEqual(SECRET)
    expect(keys.map((key) => textOf(changed, key))).toEqual(first)
    expect(keys.toReversed().map((key) => textOf(one, key))).toEqual(first.toReversed())
  })

  it('is, for a key of bytes, the first three words of its Chaskey tag under the first half of the secret', () => {
    const bytes = (count: number): string =>
      String.fromCharCode(...Array.from({ length: count }, (_, index) => index))
    const hash = new KeyHash(SECRET)
    expect(wordsOf(hash.of(bytes(16)))).toEqual([0x79271ca9, 0xd66a1c71 | 0, 0x81ca474e | 0])
    expect(wordsOf(hash.of(bytes(33)))).toEqual([0xdf44ea33 | 0, 0xb0b2c398 | 0, 0x0583ce6f])
  })

  it('is, for any other key, that of its UTF-16 bytes under the second half of the secret', () => {
    const swapped = new KeyHash(Int32Array.of(...SECRET.subarray(4), ...SECRET.subarray(0, 4)))
    const wide = 'a\u0100\ud800'
    expect(textOf(new KeyHash(SECRET), wide)).toBe(textOf(swapped, 'a\u0000\u0000\u0001\u0000\u00d8'))
  })

  it('is another one under another secret, which may differ in any bit', () => {
    const [narrow, wide] = ['api:read:203.0.113.7', 'api:read:\u0100']
    const [ofNarrow, ofWide] = [narrow, wide].map((key) => textOf(new KeyHash(SECRET), key))
    for (let bit = 0; bit < 256; bit++) {
      const hash = new KeyHash(withBitFlipped(SECRET, bit))
      expect(textOf(hash, narrow) === ofNarrow).toBe(bit >= 128)
      expect(textOf(hash, wide) === ofWide).toBe(bit < 128)
    }
  })

  it('depends on a random secret where none is given', () => {
    const keys = ['', 'a', '\u0100']
    const seen = Array.from({ length: 20 }, () => new KeyHash()).flatMap((hash) =>
      keys.map((key) => textOf(hash, key)),
    )
    expect(new Set(seen).size).toBe(60)
  })
})

describe('keys have different fingerprints', () => {
  const hash = new KeyHash(SECRET)
  const collisions = (keys: readonly string[]): string[] => {
    const keyOf = new Map<string, string>()
    return keys.filter((key) => {
      const fingerprint = textOf(hash, key)
      const known = keyOf.get(fingerprint)
      keyOf.set(fingerprint, key)
      return known !== undefined && known !== key
    })
  }

  it('when one key is the other with something like padding after it', () => {
    const keys = ['', '\u0001', '\u0000', '\u0100', '\u0001\u0000', '\u0000\u0001']
    for (let length = 0; length < 70; length++) {
      for (const byte of ['\u0000', '\u0001', 'a', '\u0100']) {
        keys.push(byte.repeat(length), `${byte.repeat(length)}\u0001`, `${byte.repeat(length)}\u0001\u0000`)
      }
    }
    expect(collisions(keys)).toEqual([])
  })

  it('when they contain lone surrogates, which have no UTF-8 form', () => {
    const surrogates = Array.from({ length: 0x800 }, (_, index) => String.fromCharCode(0xd800 + index))
    const keys = surrogates.flatMap((surrogate) => [surrogate, `user:${surrogate}`, `${surrogate}\ud800`])
    expect(collisions([...keys, '\ufffd', 'user:\ufffd', '\ufffd\ufffd', '\ud83d\ude00'])).toEqual([])
  })

  it('when the bytes of wide characters spell another key', () => {
    const keys = ['\u0100', '\u6161', '\u6161\u6262', '\u3a69\u7061\u723a\u6165\u3a64\u2e31', '\ud800\u0141']
    const twins = keys.flatMap((key) => [
      Buffer.from(key, 'utf16le').toString('latin1'),
      Buffer.from(key, 'utf16le').swap16().toString('latin1'),
      Buffer.from(key).toString('latin1'),
      // Only the lower byte of each character.
      Buffer.from(key, 'latin1').toString('latin1'),
    ])
    expect(collisions([...keys, ...twins])).toEqual([])
  })

  it('when they are 10 kB long and differ in one character', () => {
    const long = 'x'.repeat(10_000)
    const keys = [long, `${long}x`, long.slice(1)]
    for (let at = 0; at < long.length; at += 97) {
      keys.push(
        `${long.slice(0, at)}y${long.slice(at + 1)}`,
        `${long.slice(0, at)}\u0178${long.slice(at + 1)}`,
      )
    }
    expect(collisions(keys)).toEqual([])
  })

  it('when they are any different strings', () => {
    const unit = fc.constantFrom(
      'a',
      '\u0000',
      '\u0001',
      '\u00ff',
      '\u0100',
      '\u0061\u0000',
      '\ud800',
      '\udc00',
    )
    const key = fc.oneof(
      fc.array(unit, { maxLength: 40 }).map((units) => units.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(textOf(hash, one) === textOf(hash, other)).toBe(one === other)
      }),
      { numRuns: 3000 },
    )
  })

  it('when a hundred thousand of them are similar', () => {
    expect(collisions(Array.from({ length: 100_000 }, (_, index) => `api:read:client-${index}`))).toEqual([])
  })
})

describe('a bit of a key', () => {
  const share = (changed: readonly boolean[]): number => changed.filter(Boolean).length / changed.length

  /** Which bits of the fingerprint change with each of the lower eight bits of each character. */
  function changedBy(key: string): boolean[][] {
    const hash = new KeyHash(SECRET)
    const before = wordsOf(hash.of(key))
    return Array.from({ length: key.length * 8 }, (_, bit) => {
      const at = bit >>> 3
      const flipped = String.fromCharCode(key.charCodeAt(at) ^ (1 << (bit & 7)))
      return differences(before, wordsOf(hash.of(key.slice(0, at) + flipped + key.slice(at + 1))))
    })
  }

  it.each([
    ['of bytes', 'api'],
    ['of wide characters', '\u0100'],
  ])('%s changes about half of the bits of the fingerprint, each of them equally often', (_, head) => {
    const keys = Array.from({ length: 20 }, (_, index) => `${head}:client-${index}:203.0.113.7`)
    const all = keys.flatMap(changedBy)
    expect(all.length).toBeGreaterThan(3000)
    expect(Math.abs(share(all.flat()) - 0.5)).toBeLessThan(0.01)
    const ofBits = Array.from({ length: BITS }, (_, bit) =>
      share(all.map((changed) => changed[bit] ?? false)),
    )
    expect(Math.min(...ofBits)).toBeGreaterThan(0.45)
    expect(Math.max(...ofBits)).toBeLessThan(0.55)
    // Half of 96 bits, plus or minus 6 standard deviations of 4.9.
    const counts = all.map((changed) => share(changed) * BITS)
    expect(Math.min(...counts)).toBeGreaterThan(18)
    expect(Math.max(...counts)).toBeLessThan(78)
  })
})
