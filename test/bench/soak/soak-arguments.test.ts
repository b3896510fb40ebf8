import { describe, expect, it } from 'vitest'
import { ArgumentError } from '../arguments.ts'
import { minutesOf } from './soak-arguments.ts'

describe('the arguments of the soak', () => {
  it('are minutes, ten where none are given', () => {
    expect(minutesOf([])).toBe(10)
    expect(minutesOf(['--minutes', '0.2'])).toBe(0.2)
    expect(minutesOf(['--minutes=1440'])).toBe(1440)
  })

  it.each([
    ['0', ['--minutes', '0']],
    ['1441', ['--minutes', '1441']],
    ['many', ['--minutes=many']],
    ['', ['--minutes=']],
    ['', ['--minutes']],
  ])("are not '%s'", (given, words) => {
    const message = `--minutes takes a number above 0 and up to 1440: '${given}' was given. Give --minutes 10.`
    expect(() => minutesOf(words)).toThrow(new ArgumentError(message))
  })

  it.each([[['--hours', '1']], [['--minutes', '1', '2']]])('are nothing else: %j', (words) => {
    const message = `'${words.join(' ')}' is not known. Write --minutes 10, or nothing.`
    expect(() => minutesOf(words)).toThrow(new ArgumentError(message))
  })
})
