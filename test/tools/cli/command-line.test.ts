import { describe, expect, it } from 'vitest'
import { type OptionKinds, readCommandLine, readWholeNumber } from '../../../src/tools/cli/command-line.ts'

const KINDS: OptionKinds = { '--read': 'value', '--except': 'values', '--json': 'flag' }
const read = (...words: string[]) => readCommandLine(words, KINDS)

describe('a command line', () => {
  it('has operands, flags and values in any order', () => {
    const line = read('a', '--read', '5', '-', '--json', '--except=/x', 'b', '--except', '/y=z')
    expect(line.operands).toEqual(['a', '-', 'b'])
    expect(line.has('--json')).toBe(true)
    expect(line.value('--read')).toBe('5')
    expect(line.values('--except')).toEqual(['/x', '/y=z'])
  })

  it('has nothing that was not given', () => {
    const line = read()
    expect([line.operands, line.has('--json'), line.value('--read'), line.values('--except')]).toEqual([
      [],
      false,
      undefined,
      [],
    ])
  })

  it('takes everything behind two dashes as it is', () => {
    expect(read('--json', '--', '--read', '-x').operands).toEqual(['--read', '-x'])
  })

  it.each([
    [
      ['--raed', '5'],
      "--raed: is not an option of this command. Did you mean '--read'? The options are --read, --except, --json.",
    ],
    [
      ['--toString'],
      '--toString: is not an option of this command. The options are --read, --except, --json.',
    ],
    [['--read'], '--read: takes a value, and has none. Write --read <value>.'],
    [['--read', '--json'], '--read: takes a value, and has none. Write --read <value>.'],
    [['--read', '5', '--read=6'], "--read: is given twice, got '--read=6'. Give it once."],
    [['--json=yes'], "--json: takes no value, got 'yes'. Write --json alone."],
  ])('is refused as %j', (words, message) => {
    expect(() => read(...words)).toThrow(message)
  })
})

describe('a whole number', () => {
  it('is what digits are', () => {
    expect(readWholeNumber('--read', '15', 1)).toBe(15)
    expect(readWholeNumber('--read', undefined, 1)).toBeUndefined()
  })

  it.each(['0', '-5', '1.5', '1e3', 'five', ''])('is not %j', (text) => {
    expect(() => readWholeNumber('--read', text, 1)).toThrow(
      `--read: takes a whole number, got '${text}'. Give a number of at least 1.`,
    )
  })
})
