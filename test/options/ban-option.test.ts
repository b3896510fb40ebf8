import { describe, expect, it } from 'vitest'
import { emittedBy } from '../support/emitted-warnings.ts'
import { parse, rejects } from '../support/parse.ts'
import { thrownBy } from '../support/thrown-by.ts'

describe('ban', () => {
  it('is for nobody unless it is given', () => {
    expect(parse({}).ban).toBeUndefined()
    expect(parse({ ban: undefined }).ban).toBeUndefined()
  })

  it('is compiled to a sliding window of refusals, and to how long it lasts', () => {
    expect(parse({ ban: { after: 10, withinSec: 60, forSec: 0.5 } }).ban).toEqual({
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
    expect(parse({ ban: { after: 1, withinSec: 0.001, forSec: 3_155_759_999 } }).ban).toMatchObject({
      refusals: { limit: 1, windowMs: 1 },
      forMs: 3_155_759_999_000,
    })
  })

  it('warns of times that look like milliseconds', async () => {
    const code = 'TOLLGATE_WINDOW_LOOKS_LIKE_MS'
    expect(await emittedBy(() => parse({ ban: { after: 1, withinSec: 60_000, forSec: 5000 } }))).toEqual([
      { code, message: 'ban.withinSec is 60000 seconds. If milliseconds were meant, give 60.' },
      { code, message: 'ban.forSec is 5000 seconds. If milliseconds were meant, give 5.' },
    ])
  })

  it('is refused where there is nothing to be refused for', () => {
    const ban = { after: 1, withinSec: 60, forSec: 60 }
    expect(thrownBy(() => parse({ ban, read: false, write: false }))).toMatchObject({
      code: 'impossible_combination',
      option: 'ban',
      message:
        'ban: never comes about where neither reads nor writes are limited. Leave it out, or limit one of them.',
    })
    expect(parse({ ban, read: false }).ban).toBeDefined()
    expect(parse({ ban, write: false }).ban).toBeDefined()
  })

  const whole = 'Give a number from 1 to 999999999999999, without quotes.'
  const seconds = 'Give a number from 0.001 to 3155760000, without quotes.'
  const object = 'Give an object; it may have after, withinSec, forSec.'
  const example = 'Give { after: 10, withinSec: 60, forSec: 3600 }.'
  const times = { withinSec: 60, forSec: 3600 }
  rejects('invalid_option', [
    [{ ban: null }, 'ban', `takes an object of options, got null. ${object}`],
    [{ ban: true }, 'ban', `takes an object of options, got true. ${object}`],
    [{ ban: 10 }, 'ban', `takes an object of options, got 10. ${object}`],
    [{ ban: [10, 60, 3600] }, 'ban', `takes an object of options, got [10,60,3600]. ${object}`],
    [{ ban: {} }, 'ban', `lacks after, got {}. ${example}`],
    [{ ban: { after: 5, forSec: 60 } }, 'ban', `lacks withinSec, got {"after":5,"forSec":60}. ${example}`],
    [{ ban: { after: 5, withinSec: 60 } }, 'ban', `lacks forSec, got {"after":5,"withinSec":60}. ${example}`],
    [
      { ban: { after: 5, withinSec: 60, forSec: undefined } },
      'ban',
      `lacks forSec, got {"after":5,"withinSec":60}. ${example}`,
    ],
    [{ ban: times }, 'ban', `lacks after, got {"withinSec":60,"forSec":3600}. ${example}`],
    [{ ban: { ...times, after: 0 } }, 'ban.after', `takes a whole number, got 0. ${whole}`],
    [{ ban: { ...times, after: 1.5 } }, 'ban.after', `takes a whole number, got 1.5. ${whole}`],
    [{ ban: { ...times, after: '5' } }, 'ban.after', `takes a whole number, got '5'. ${whole}`],
    [{ ban: { ...times, after: null } }, 'ban.after', `takes a whole number, got null. ${whole}`],
    [
      { ban: { ...times, after: Number.POSITIVE_INFINITY } },
      'ban.after',
      `takes a whole number, got Infinity. ${whole}`,
    ],
    [
      { ban: { after: 5, withinSec: 0, forSec: 60 } },
      'ban.withinSec',
      `takes a number of seconds, got 0. ${seconds}`,
    ],
    [
      { ban: { after: 5, withinSec: null, forSec: 60 } },
      'ban.withinSec',
      `takes a number of seconds, got null. ${seconds}`,
    ],
    [
      { ban: { after: 5, withinSec: 60, forSec: '3600' } },
      'ban.forSec',
      `takes a number of seconds, got '3600'. ${seconds}`,
    ],
    [
      { ban: { after: 5, withinSec: 60, forSec: Number.POSITIVE_INFINITY } },
      'ban.forSec',
      `takes a number of seconds, got Infinity. ${seconds}`,
    ],
  ])

  const known = 'The options are after, withinSec, forSec.'
  rejects('unknown_option', [
    [
      { ban: { ...times, afters: 5 } },
      'ban.afters',
      `is not an option, got 5. Did you mean 'after'? ${known}`,
    ],
    [
      { ban: { after: 5, withinSecs: 60, forSec: 60 } },
      'ban.withinSecs',
      `is not an option, got 60. Did you mean 'withinSec'? ${known}`,
    ],
    [
      { ban: { ...times, after: 5, permanently: true } },
      'ban.permanently',
      `is not an option, got true. ${known}`,
    ],
  ])
})
