import { describe, expect, it } from 'vitest'
import { type OptionConfigs, parseCommandLine, readWholeNumber } from '../../../src/tools/cli/command-line.ts'

const OPTIONS = {
  read: { type: 'string' },
  except: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const satisfies OptionConfigs
const parse = (...args: string[]) => parseCommandLine(args, OPTIONS)

describe('a command line', () => {
  it('can have operands, flags and values in any order', () => {
    const { operands, values } = parse(
      ...['a', '--read', '5', '-', '--json', '--except=/x', 'b', '--except', '/y=z'],
    )
    expect(operands).toEqual(['a', '-', 'b'])
    expect({ ...values }).toEqual({ json: true, read: '5', except: ['/x', '/y=z'] })
  })

  it('has no operand and no value that was not given', () => {
    const { operands, values } = parse()
    expect(operands).toEqual([])
    expect({ ...values }).toEqual({})
  })

  it('makes an operand of every argument after two dashes', () => {
    expect(parse('--json', '--', '--read', '-x').operands).toEqual(['--read', '-x'])
  })

  it('can have a value that begins with a dash, and with two after an equals sign', () => {
    expect(parse('--read', '-5').values.read).toBe('-5')
    expect(parse('--read=--json').values.read).toBe('--json')
    expect(parse('--read=').values.read).toBe('')
  })

  it('can have a flag twice', () => {
    expect(parse('--json', '--json').values.json).toBe(true)
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
    [
      ['-read', '5'],
      "-read: is not an option of this command. Did you mean '--read'? The options are --read, --except, --json.",
    ],
    [['--no-json'], '--no-json: is not an option of this command.'],
    [['--=5'], '--: is not an option of this command.'],
    [['--read'], '--read: has no value. Write --read <value>.'],
    [['--read', '--json'], '--read: has no value. Write --read <value>.'],
    [['--read', '5', '--read'], "--read: is given twice, got '--read'. Give it once."],
    [['--read', '5', '--read=6'], "--read: is given twice, got '--read=6'. Give it once."],
    [['--json=yes'], "--json: takes no value, got 'yes'. Write --json alone."],
  ])('is rejected for the arguments %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message)
  })
})

describe('the whole number of an option', () => {
  it('is written in digits', () => {
    expect(readWholeNumber('--read', '15', 1)).toBe(15)
    expect(readWholeNumber('--read', undefined, 1)).toBeUndefined()
  })

  it.each(['0', '-5', '1.5', '1e3', 'five', ''])('cannot be %j', (text) => {
    expect(() => readWholeNumber('--read', text, 1)).toThrow(
      `--read: takes a whole number, got '${text}'. Give a number of at least 1.`,
    )
  })
})
