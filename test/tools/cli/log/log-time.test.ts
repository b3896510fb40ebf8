import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogTimeParser } from '../../../../src/tools/cli/log/log-time.ts'
import { logTime } from '../log-lines.ts'

describe('a time in a log', () => {
  const times = new LogTimeParser()

  it.each([
    ['01/Jan/1970:00:00:00 +0000', 0],
    ['01/Jan/1970:02:00:00 +0200', 0],
    ['31/Dec/1969:18:30:00 -0530', 0],
    ['29/Feb/2016:23:59:59 +0000', Date.UTC(2016, 1, 29, 23, 59, 59)],
    ['31/Dec/2016:23:59:60 +0000', Date.UTC(2017, 0, 1)],
  ])('%s is parsed', (text, expected) => {
    expect(times.parseLogTime(text)).toBe(expected)
  })

  it('is parsed in the same way after any other times', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 4_000_000_000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(instants, (seconds) => {
        for (const second of seconds) expect(times.parseLogTime(logTime(second * 1000))).toBe(second * 1000)
      }),
    )
  })

  it.each([
    '',
    '29/Feb/2015:00:00:00 +0000',
    '31/Apr/2015:00:00:00 +0000',
    '17/Mai/2015:00:00:00 +0000',
    '17/May/2015:25:00:00 +0000',
    '17/May/2015:10:61:00 +0000',
    '17/May/2015:10:05:03',
    '2015-05-17T10:05:03Z',
  ])('%j is not a time', (text) => {
    expect(times.parseLogTime(text)).toBeUndefined()
  })

  it.each([
    ['1970-01-01T01:00:00.5+01:00', 500],
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:00', undefined],
    ['1970-13-01T00:00:00Z', undefined],
    ['now', undefined],
  ])('%s, parsed as ISO 8601, is %s', (text, expected) => {
    expect(times.parseIsoTime(text)).toBe(expected)
  })
})
