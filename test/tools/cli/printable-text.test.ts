import { describe, expect, it } from 'vitest'
import { printableJson, printableLines, printableText } from '../../../src/tools/cli/printable-text.ts'

describe('a printable text', () => {
  it.each([
    ['access.log', 'access.log'],
    ['Zugriffe-\u00e4\u{1f600}.log', 'Zugriffe-\u00e4\u{1f600}.log'],
    ['a\u001b[31mb', 'a\\x1b[31mb'],
    ['a\nb\r\tc\u007f', 'a\\x0ab\\x0d\\x09c\\x7f'],
    ['a\u009b31mb', 'a\\x9b31mb'],
    ['a\u202egol', 'a\\u{202e}gol'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['a\ud800b', 'a\\u{d800}b'],
  ])('of %j is %s', (text, expected) => {
    expect(printableText(text)).toBe(expected)
  })

  it('keeps line feeds if it has several lines', () => {
    expect(printableLines('a\n\u001bb\n')).toBe('a\n\\x1bb\n')
  })
})

describe('printable JSON', () => {
  it('has the same content in ASCII', () => {
    const value = { '\u009b': '\u001b\u007f\u202e\u{1f600}\n', a: [1] }
    const json = printableJson(JSON.stringify(value, null, 2))
    expect(json).toMatch(/^[\n\x20-\x7e]*$/)
    expect(JSON.parse(json)).toEqual(value)
  })
})
