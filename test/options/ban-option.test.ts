import { describe, expect, it } from 'vitest'
import type { BanRule } from '../../src/limits/ban.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { policiesOf, settingsOf, testRejections } from '../support/parsed-settings.ts'
import { thrownBy } from '../support/thrown-by.ts'

function banOf(options: object): BanRule | undefined {
  const { read, write } = policiesOf(options)
  return (read || write || undefined)?.ban
}

describe('ban', () => {
  it('is undefined if it is not given', () => {
    expect(banOf({})).toBeUndefined()
    expect(banOf({ ban: undefined })).toBeUndefined()
  })

  it('is compiled to a sliding window of refusals and a duration', () => {
    expect(banOf({ ban: { after: 10, withinSec: 60, forSec: 0.5 } })).toEqual({
      refusals: {
        name: 'refusals',
        limit: 10,
        burst: 10,
        windowMs: 60_000,
        ttlMs: 60_000,
        algorithm: 'sliding-window',
      },
      forMs: 500,
    })
    expect(banOf({ ban: { after: 1, withinSec: 0.001, forSec: 3_155_759_999 } })).toMatchObject({
      refusals: { limit: 1, windowMs: 1 },
      forMs: 3_155_759_999_000,
    })
  })

  it('causes warnings for durations that look like milliseconds', async () => {
    const code = 'TOLLGATE_WINDOW_LOOKS_LIKE_MS'
    expect(await emittedBy(() => settingsOf({ ban: { after: 1, withinSec: 60_000, forSec: 5000 } }))).toEqual(
      [
        { code, message: 'ban.withinSec is 60000 seconds. If milliseconds were meant, give 60.' },
        { code, message: 'ban.forSec is 5000 seconds. If milliseconds were meant, give 5.' },
      ],
    )
  })

  it('is rejected if no class is limited', () => {
    const ban = { after: 1, withinSec: 60, forSec: 60 }
    expect(thrownBy(() => settingsOf({ ban, read: false, write: false }))).toMatchObject({
      code: 'impossible_combination',
      option: 'ban',
      message:
        'ban: has no effect if neither reads nor writes are limited. Leave it out, or limit one of them.',
    })
    expect(banOf({ ban, read: false })).toBeDefined()
    expect(banOf({ ban, write: false })).toBeDefined()
  })

  const wholeRemedy = 'Give a number from 1 to 999999999999999, without quotes.'
  const secondsRemedy = 'Give a number from 0.001 to 3155760000, without quotes.'
  const objectRemedy = 'Give an object; it may have after, withinSec, forSec.'
  const exampleRemedy = 'Give { after: 10, withinSec: 60, forSec: 3600 }.'
  const durations = { withinSec: 60, forSec: 3600 }
  testRejections('invalid_option', [
    [{ ban: null }, 'ban', `takes an object of options, got null. ${objectRemedy}`],
    [{ ban: true }, 'ban', `takes an object of options, got true. ${objectRemedy}`],
    [{ ban: 10 }, 'ban', `takes an object of options, got 10. ${objectRemedy}`],
    [{ ban: [10, 60, 3600] }, 'ban', `takes an object of options, got [10,60,3600]. ${objectRemedy}`],
    [{ ban: {} }, 'ban', `lacks after, got {}. ${exampleRemedy}`],
    [
      { ban: { after: 5, forSec: 60 } },
      'ban',
      `lacks withinSec, got {"after":5,"forSec":60}. ${exampleRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: 60 } },
      'ban',
      `lacks forSec, got {"after":5,"withinSec":60}. ${exampleRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: 60, forSec: undefined } },
      'ban',
      `lacks forSec, got {"after":5,"withinSec":60}. ${exampleRemedy}`,
    ],
    [{ ban: durations }, 'ban', `lacks after, got {"withinSec":60,"forSec":3600}. ${exampleRemedy}`],
    [{ ban: { ...durations, after: 0 } }, 'ban.after', `takes a whole number, got 0. ${wholeRemedy}`],
    [{ ban: { ...durations, after: 1.5 } }, 'ban.after', `takes a whole number, got 1.5. ${wholeRemedy}`],
    [{ ban: { ...durations, after: '5' } }, 'ban.after', `takes a whole number, got '5'. ${wholeRemedy}`],
    [{ ban: { ...durations, after: null } }, 'ban.after', `takes a whole number, got null. ${wholeRemedy}`],
    [
      { ban: { ...durations, after: Number.POSITIVE_INFINITY } },
      'ban.after',
      `takes a whole number, got Infinity. ${wholeRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: 0, forSec: 60 } },
      'ban.withinSec',
      `takes a number of seconds, got 0. ${secondsRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: null, forSec: 60 } },
      'ban.withinSec',
      `takes a number of seconds, got null. ${secondsRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: 60, forSec: '3600' } },
      'ban.forSec',
      `takes a number of seconds, got '3600'. ${secondsRemedy}`,
    ],
    [
      { ban: { after: 5, withinSec: 60, forSec: Number.POSITIVE_INFINITY } },
      'ban.forSec',
      `takes a number of seconds, got Infinity. ${secondsRemedy}`,
    ],
  ])

  const knownOptions = 'The options are after, withinSec, forSec.'
  testRejections('unknown_option', [
    [
      { ban: { ...durations, afters: 5 } },
      'ban.afters',
      `is not an option, got 5. Did you mean 'after'? Write after, or leave it out.`,
    ],
    [
      { ban: { after: 5, withinSecs: 60, forSec: 60 } },
      'ban.withinSecs',
      `is not an option, got 60. Did you mean 'withinSec'? Write withinSec, or leave it out.`,
    ],
    [
      { ban: { ...durations, after: 5, permanently: true } },
      'ban.permanently',
      `is not an option, got true. ${knownOptions}`,
    ],
  ])
})
