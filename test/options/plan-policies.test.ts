import { describe, expect, it } from 'vitest'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'

const plan = (): string => 'free'

/** The limits of each plan, as `plan class name limit/window`. */
function limitsOf(options: object): string[] {
  return settingsOf({ plan, ...options }).plans.flatMap(({ name, policies: { read, write } }) =>
    [...new Set([read, write])].flatMap((policy) => {
      if (policy === false || !('limits' in policy)) return []
      return policy.limits.map(
        (limit) =>
          `${name} ${policy.class} ${limit.name} ${limit.limit}/${limit.windowMs} ttl ${limit.ttlMs}`,
      )
    }),
  )
}

describe('limit', () => {
  it('is one policy for reads and writes, of the class any', () => {
    const [only] = settingsOf({ limit: 5, name: 'login' }).plans
    expect(only?.policies.read).toBe(only?.policies.write)
    expect(only?.policies.read).toMatchObject({ class: 'any', limits: [{ name: 'login-any', limit: 5 }] })
    expect(settingsOf({ limit: false }).plans[0]?.policies).toEqual({ read: false, write: false })
  })

  const keep = 'Keep limit for one budget for all methods, or read and write for a budget each.'
  testRejections('impossible_combination', [
    [{ limit: 5, read: 5 }, 'limit and read', `cannot both be set. ${keep}`],
    [{ limit: 5, write: false }, 'limit and write', `cannot both be set. ${keep}`],
    [
      { plan, plans: { free: { limit: 5, write: 5 } } },
      'plans.free.limit and plans.free.write',
      `cannot both be set. ${keep}`,
    ],
    [
      { limit: 5, classify: () => 'read' },
      'classify and limit',
      'cannot both be set, because limit is one budget for all classes. Leave classify out, or give read and write instead of limit.',
    ],
  ])
})

describe('plans', () => {
  it('have limits, names, windows and bans of their own, and one lifetime of counters', () => {
    const ban = { after: 5, withinSec: 60, forSec: 60 }
    const plans = {
      free: { limit: 5 },
      pro: {
        read: [
          { limit: 9, windowSec: 3600 },
          { limit: 3, name: 'fast' },
        ],
        write: false,
        ban,
      },
      slow: { write: 7, windowSec: 10 },
    }
    expect(limitsOf({ plans, name: 'api' })).toEqual([
      'free any api-any 5/60000 ttl 3630000',
      'pro read api-read-1h 9/3600000 ttl 3630000',
      'pro read fast 3/60000 ttl 3630000',
      'slow read api-read 1000/10000 ttl 3630000',
      'slow write api-write 7/10000 ttl 3630000',
    ])
    const settings = settingsOf({ plan, plans, ban: { ...ban, after: 9 } })
    expect(
      settings.plans.map(({ policies: { read } }) => (read === false ? undefined : read.ban?.refusals.limit)),
    ).toEqual([9, 5, 9])
    expect(settings.preflight).toMatchObject({ ban: undefined, plan: undefined })
  })

  it('are own properties only', () => {
    const inherited = Object.create({ free: { limit: 5 } })
    inherited.pro = { limit: 9 }
    expect(limitsOf({ plans: inherited })).toEqual(['pro any any 9/60000 ttl 90000'])
    const parsed: object = JSON.parse('{ "__proto__": { "limit": 5 } }')
    expect(limitsOf({ plans: parsed })).toEqual(['__proto__ any any 5/60000 ttl 90000'])
  })

  const objectRemedy = 'Give plans by their names, such as { free: { limit: 100 }, pro: { limit: 1000 } }.'
  const limitsRemedy = 'Give { limit: 100 }, or { read: 1000, write: 200 }.'
  testRejections('invalid_option', [
    [{ plan, plans: null }, 'plans', `takes an object of plans, got null. ${objectRemedy}`],
    [{ plan, plans: [] }, 'plans', `takes an object of plans, got []. ${objectRemedy}`],
    [{ plan, plans: {} }, 'plans', `takes an object of plans, got {}. ${objectRemedy}`],
    [{ plan, plans: { free: {} } }, 'plans.free', `takes limits, got {}. ${limitsRemedy}`],
    [
      { plan, plans: { free: 100 } },
      'plans.free',
      'takes an object of options, got 100. Give an object; it may have limit, read, write, windowSec, ban.',
    ],
    [
      { plan, plans: { free: { limit: -1 } } },
      'plans.free.limit',
      'takes a whole number, got -1. Give a number from 0 to 999999999999999, without quotes.',
    ],
    [
      { plan, plans: { free: { limit: 5, ban: { after: 0, withinSec: 1, forSec: 1 } } } },
      'plans.free.ban.after',
      'takes a whole number, got 0. Give a number from 1 to 999999999999999, without quotes.',
    ],
    [
      { plans: { free: { limit: 5 } }, plan: 'free' },
      'plan',
      "takes a function, got 'free'. Give (req, res) => string, or leave the option out.",
    ],
  ])
  testRejections('unknown_option', [
    [
      { plan, plans: { free: { limt: 5 } } },
      'plans.free.limt',
      "is not an option, got 5. Did you mean 'limit'? Write limit, or leave it out.",
    ],
    [
      { plan, plans: { free: { limit: 5, per: 'month' } } },
      'plans.free.per',
      "belongs to a limit, got 'month'. Write limit: { limit: 100, per: 'month' }.",
    ],
  ])
  testRejections('impossible_combination', [
    [{ plan }, 'plan', 'has no plans to choose from. Add plans, such as { free: { limit: 100 } }.'],
    [
      { plans: { free: { limit: 5 } } },
      'plans',
      'needs plan, which names the plan of a request. Add plan: (req) => name.',
    ],
    [
      { plan, plans: { free: { limit: 5 } }, limit: 5 },
      'plans and limit',
      'cannot both be set. Move limit into the plans.',
    ],
    [
      { plan, plans: { free: { limit: 5 } }, write: false },
      'plans and write',
      'cannot both be set. Move write into the plans.',
    ],
  ])
})

describe('the time for which clients of calendar windows are remembered', () => {
  const month = { limit: 5, per: 'month' } as const
  const longestMs = (31 * 24 + 3) * 3_600_000

  it('is half a minute longer than the longest window that the calendar can have', () => {
    const ttlOf = (options: object): unknown => {
      const policy = settingsOf(options).plans[0]?.policies.write
      return policy && 'limits' in policy ? policy.limits[0]?.ttlMs : undefined
    }
    expect(ttlOf({ limit: month })).toBe(longestMs + 30_000)
    expect(ttlOf({ limit: [month, { limit: 1, windowSec: 90 * 86_400 }] })).toBe(90 * 86_400_000 + 30_000)
    expect(ttlOf({ limit: { limit: 5, per: 'day' }, ttlSec: 97_200 })).toBe(97_200_000)
  })

  testRejections('invalid_option', [
    [
      { limit: month, ttlSec: 2_592_000 },
      'ttlSec',
      `is shorter than the longest window (or time to fill a bucket) of ${longestMs / 1000} s, so clients would be forgotten too early and get new quota, got 2592000. Give at least ${longestMs / 1000}, or leave it out.`,
    ],
  ])
})

describe('preflight', () => {
  it('takes a number, false, a limit or several', () => {
    expect(settingsOf({ preflight: 7, windowSec: 10 }).preflight).toMatchObject({
      class: 'preflight',
      limits: [{ name: 'preflight', limit: 7, windowMs: 10_000 }],
    })
    expect(settingsOf({ preflight: false }).preflight).toBe(false)
    expect(settingsOf({ preflight: [{ limit: 5 }, { limit: 9, windowSec: 1 }] }).preflight).toMatchObject({
      limits: [{ name: 'preflight-1m' }, { name: 'preflight-1s' }],
    })
  })

  it('is 1000 by default where anything is limited, with counters that live as long as its window', () => {
    expect(settingsOf({ limit: false }).preflight).toBe(false)
    const second = { limit: 5, windowSec: 1 }
    expect(settingsOf({ read: second, write: second, ttlSec: 2 }).preflight).toMatchObject({
      limits: [{ limit: 1000, windowMs: 60_000, ttlMs: 60_000 }],
    })
  })

  testRejections('invalid_option', [
    [
      { preflight: () => 5 },
      'preflight',
      'takes no function, since browsers send no credentials with preflights, got the function preflight. Give 1000, or { limit: 1000, windowSec: 60 }, or false to count them as reads.',
    ],
    [
      { preflight: 5, windowSec: 60, ttlSec: 10, limit: { limit: 5, windowSec: 1 } },
      'ttlSec',
      'is shorter than the longest window (or time to fill a bucket) of 60 s, so clients would be forgotten too early and get new quota, got 10. Give at least 60, or leave it out.',
    ],
  ])
})
