import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chaskey, type Digest } from '../../../../src/stores/memory/table/chaskey.ts'
import { chaskeyOfPaper } from './chaskey-of-paper.ts'

const KEY = [0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39]

/** Tags of the authors' reference code for messages of the bytes 0, 1, 2 and so on. */
const TAGS: readonly (readonly [bytes: number, tag: readonly number[]])[] = [
  [0, [0x792e8fe5, 0x75ce87aa, 0x2d1450b5, 0x1191970b]],
  [1, [0x13a9307b, 0x50e62c89, 0x4577bd88, 0xc0bbdc18]],
  [4, [0x30b2d171, 0xe38532fb, 0x16707c16, 0x73ed45f0]],
  [15, [0x51b94da4, 0xefcc4de8, 0x192412ea, 0xbbc170dd]],
  [16, [0x79271ca9, 0xd66a1c71, 0x81ca474e, 0x49831cad]],
  [17, [0x048da968, 0x4e25d096, 0x2d6cf897, 0xbc3959ca]],
  [31, [0xbbdd0c2d, 0xfab6fcd9, 0xdccc080e, 0x9f04b41f]],
  [32, [0x60b3f7af, 0x37eee7c8, 0x836cfd98, 0x782ca060]],
  [33, [0xdf44ea33, 0xb0b2c398, 0x0583ce6f, 0x846d823e]],
  [48, [0x127c6e21, 0x6c07a459, 0xad851388, 0x22e8bf5b]],
  [63, [0x9047fad7, 0x88136d8c, 0xa488286b, 0x7fe9352c]],
]

const emptyDigest = (): Digest => ({ first: 0, second: 0, third: 0, fourth: 0 })
const textOf = (bytes: readonly number[]): string => String.fromCharCode(...bytes)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

function tagOf(key: readonly number[], text: string): number[] {
  const digest = emptyDigest()
  expect(new Chaskey(Int32Array.from(key)).digest(text, digest)).toBe(true)
  return wordsOf(digest)
}

function wordsOf({ first, second, third, fourth }: Digest): number[] {
  return [first, second, third, fourth].map((word) => word >>> 0)
}

describe('Chaskey', () => {
  it.each(TAGS)('agrees with the reference code on %i bytes', (bytes, tag) => {
    expect(tagOf(KEY, textOf(upTo(bytes)))).toEqual(tag)
    expect(chaskeyOfPaper(KEY, upTo(bytes))).toEqual(tag)
  })

  it('agrees with the paper on any key and any bytes', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1))
    const key = fc.array(word, { minLength: 4, maxLength: 4 })
    const bytes = fc.array(fc.integer({ min: 0, max: 0xff }), { maxLength: 80, size: 'max' })
    fc.assert(
      fc.property(key, bytes, (words, message) => {
        expect(tagOf(words, textOf(message))).toEqual(chaskeyOfPaper(words, message))
      }),
      { numRuns: 1000 },
    )
  })

  it('writes signed words', () => {
    const digest = emptyDigest()
    new Chaskey(Int32Array.from(KEY)).digest(textOf(upTo(4)), digest)
    expect(digest).toEqual({
      first: 0x30b2d171,
      second: 0xe38532fb | 0,
      third: 0x16707c16,
      fourth: 0x73ed45f0,
    })
  })

  it('returns false for a text with a character wider than a byte, at any position', () => {
    const chaskey = new Chaskey(Int32Array.from(KEY))
    const accepted: string[] = []
    for (let length = 1; length <= 50; length++) {
      for (let at = 0; at < length; at++) {
        for (const wide of ['\u0100', '\u8000', '\ud800']) {
          const text = 'a'.repeat(at) + wide + '\u00ff'.repeat(length - at - 1)
          if (chaskey.digest(text, emptyDigest())) accepted.push(text)
        }
      }
    }
    expect(accepted).toEqual([])
  })

  it('depends on the given text only, and not on earlier ones', () => {
    const chaskey = new Chaskey(Int32Array.from(KEY))
    const digest = emptyDigest()
    for (const [bytes, tag] of TAGS) {
      expect(chaskey.digest('\u0100'.repeat(bytes + 1), digest)).toBe(false)
      expect(chaskey.digest(textOf(upTo(bytes)), digest)).toBe(true)
      expect(wordsOf(digest)).toEqual(tag)
    }
  })
})
