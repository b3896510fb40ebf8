import { describe, expect, it } from 'vitest'
import { trimBlanks } from '../../src/client/hop.ts'

/** A string that counts the reads of its characters. */
function countedString(text: string): { readonly text: string; readonly reads: () => number } {
  let reads = 0
  const counted = new Proxy(Object(text) as object, {
    get(target, property) {
      if (typeof property === 'string' && /^\d+$/.test(property)) reads++
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(text) : value
    },
  })
  return { text: counted as unknown as string, reads: () => reads }
}

describe('trimBlanks', () => {
  it.each([
    ['', ''],
    [' \t ', ''],
    ['a', 'a'],
    ['\ta b\t ', 'a b'],
    ['\u00a0a\r', '\u00a0a\r'],
  ])('turns %j into %j', (text, trimmed) => {
    expect(trimBlanks(text)).toBe(trimmed)
  })

  it.each([
    ['no letter', ' '.repeat(16_000)],
    ['a letter after them', `${' '.repeat(16_000)}a`],
    ['a letter before them', `a${'\t'.repeat(16_000)}`],
    ['letters around them', `a${' '.repeat(16_000)}a`],
  ])('reads each character of 16 kB of blanks at most twice, with %s', (_what, text) => {
    const counted = countedString(text)
    expect(trimBlanks(counted.text)).toBe(text.trim())
    expect(counted.reads()).toBeGreaterThan(0)
    expect(counted.reads()).toBeLessThanOrEqual(2 * text.length)
  })
})
