import { describe, expect, it, vi } from 'vitest'
import { chargeComposer, clientWithKey, type PolicyCharge } from '../../src/request/policy-charge.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { rejectionOf, thrownBy } from '../support/thrown-by.ts'
import { type Exchange, exchange } from './exchange.ts'

const ADDRESS = '192.0.2.1'

/** Assesses a request under options as JavaScript would give them. */
function assess(
  options: object,
  { req, res }: Exchange = exchange(),
): PolicyCharge | undefined | Promise<PolicyCharge | undefined> {
  return chargeComposer(settingsOf(options))(req, res, clientWithKey(ADDRESS)) as ReturnType<typeof assess>
}

describe('the charge of a request', () => {
  it('is made at once: client, limits and cost', () => {
    const settings = settingsOf({ name: 'api' })
    const { req, res } = exchange('POST')
    const assessed = chargeComposer(settings)(req, res, clientWithKey(ADDRESS))
    const write = settings.plans[0]?.policies.write ?? false
    expect(assessed).toEqual({
      policy: write,
      clientKey: ADDRESS,
      charge: {
        key: `api:write:${ADDRESS}`,
        memo: expect.objectContaining({ text: 'api:write:192.0.2.1' }) as unknown,
        limits: write !== false && 'limits' in write && write.limits,
        cost: 1,
        refundable: false,
      },
    })
  })

  it('asks for a receipt only where charges may be given back', () => {
    expect(assess({ skipFailedRequests: true })).toMatchObject({ charge: { refundable: true } })
    expect(assess({ skipSuccessfulRequests: true })).toMatchObject({ charge: { refundable: true } })
    expect(assess({ cost: () => 2 })).toMatchObject({ charge: { refundable: true } })
    expect(assess({ settles: true })).toMatchObject({ charge: { refundable: true } })
    for (const options of [{ keyGenerator: () => 'key' }, { cost: () => 2, settles: false }]) {
      expect(assess(options)).toMatchObject({ charge: { refundable: false } })
    }
  })

  it('asks for bans where the options do, with one rule for every charge', () => {
    const settings = settingsOf({ ban: { after: 5, withinSec: 60, forSec: 3600 } })
    const ask = chargeComposer(settings)
    const charges = ['GET', 'GET', 'POST'].map((method) => {
      const { req, res } = exchange(method)
      const { charge } = ask(req, res, clientWithKey(ADDRESS)) as PolicyCharge
      return charge
    })
    for (const { ban } of charges) expect(ban).toBe(charges[0]?.ban)
    expect(charges[0]).toMatchObject({ ban: { refusals: { limit: 5, windowMs: 60_000 }, forMs: 3_600_000 } })
    expect(assess({})).toMatchObject({ charge: { ban: undefined } })
  })

  it('holds all limits of the class', () => {
    const read = [{ limit: 5, windowSec: 1, algorithm: 'token-bucket' }, { limit: 100 }]
    expect(assess({ read })).toMatchObject({
      charge: { limits: [{ name: 'read-1s' }, { name: 'read-1m' }], cost: 1 },
    })
  })

  it('keeps the identity of fixed limits, and of dynamic limits of the same size', () => {
    for (const options of [{}, { read: () => 7 }]) {
      const ask = chargeComposer(settingsOf(options))
      const [one, two] = [exchange(), exchange()].map(
        ({ req, res }) => ask(req, res, clientWithKey(ADDRESS)) as PolicyCharge,
      )
      expect(one?.charge.limits).toBe(two?.charge.limits)
    }
  })

  it('is undefined for a class without a limit, and no further function is called', () => {
    const [keyGenerator, cost] = [vi.fn(() => 'key'), vi.fn(() => 1)]
    expect(assess({ read: false, keyGenerator, cost })).toBeUndefined()
    expect(keyGenerator).not.toHaveBeenCalled()
    expect(cost).not.toHaveBeenCalled()
  })

  it('is undefined for a skipped request, and no further function is called', () => {
    const classify = vi.fn(() => 'read')
    expect(assess({ skip: () => true, classify })).toBeUndefined()
    expect(classify).not.toHaveBeenCalled()
    expect(assess({ skip: () => false, classify })).toMatchObject({ clientKey: ADDRESS })
  })

  it('follows the functions among the options, and gives them the request and the response', () => {
    const { req, res } = exchange()
    const keyGenerator = vi.fn((_req: unknown, _res: unknown, clientKey: string) => `user of ${clientKey}`)
    const [cost, read] = [vi.fn(() => 3), vi.fn(() => 50)]
    const [skip, classify] = [vi.fn(() => false), vi.fn(() => 'read')]
    expect(assess({ skip, classify, keyGenerator, cost, read }, { req, res })).toMatchObject({
      clientKey: 'user of 192.0.2.1',
      policy: { class: 'read', smallestLimit: { limit: 50 } },
      charge: { key: 'default:read:user of 192.0.2.1', cost: 3, limits: [{ limit: 50 }] },
    })
    expect(keyGenerator.mock.calls).toEqual([[req, res, ADDRESS]])
    for (const each of [skip, classify, cost, read]) expect(each.mock.calls).toEqual([[req, res]])
  })

  it('is a promise as soon as one function returns a promise, with the same result', async () => {
    const functions = { skip: () => false, keyGenerator: () => 'key', read: () => 50, cost: () => 3 }
    const assessed = assess(functions)
    expect(assessed).not.toBeInstanceOf(Promise)
    for (const [name, sync] of Object.entries(functions)) {
      const promised = assess({ ...functions, [name]: async () => sync() })
      expect(promised).toBeInstanceOf(Promise)
      // Each parse makes limits of its own: alike, and not the same.
      expect(await promised).toEqual(assessed)
    }
    expect(await assess({ skip: async () => true })).toBeUndefined()
  })

  it('passes on what a function throws or rejects with', async () => {
    const error = new Error('no database')
    const fail = (): never => {
      throw error
    }
    for (const name of ['skip', 'classify', 'keyGenerator', 'read', 'cost']) {
      expect(() => assess({ [name]: fail })).toThrow(error)
      if (name !== 'classify') await expect(assess({ [name]: async () => fail() })).rejects.toBe(error)
    }
  })
})

// Threat 16: a function that returns nonsense is an error, never "unlimited".
describe('the result of a function', () => {
  const key = 'Return a string that is not empty. Its third argument is the key of the client address.'
  const limit = 'Return a whole number up to 999999999999999, or false for no limit.'
  const numbers = [
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [-1, '-1'],
    ['5', "'5'"],
    [0, '0'],
    [1.5, '1.5'],
    [1e15, '1000000000000000'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5n'],
    [[5], '[5]'],
    [false, 'false'],
    [true, 'true'],
  ] as const
  const rows: readonly (readonly [option: string, result: unknown, message: string])[] = [
    ...numbers
      // 0 refuses every request, and false is no limit.
      .filter(([result]) => result !== 0 && result !== false)
      .map(([result, shown]) => ['read', result, `read: returned no limit, got ${shown}. ${limit}`] as const),
    ...numbers
      .filter(([result]) => result !== 1e15)
      .map(
        ([result, shown]) =>
          [
            'cost',
            result,
            `cost: returned no cost, got ${shown}. Return a whole number of at least 1.`,
          ] as const,
      ),
    ['keyGenerator', '', `keyGenerator: returned no key, got ''. ${key}`],
    ['keyGenerator', undefined, `keyGenerator: returned no key, got undefined. ${key}`],
    ['keyGenerator', null, `keyGenerator: returned no key, got null. ${key}`],
    ['keyGenerator', 42, `keyGenerator: returned no key, got 42. ${key}`],
    ['keyGenerator', ['a'], `keyGenerator: returned no key, got ["a"]. ${key}`],
  ]

  it.each(rows)('of %s must not be %o', async (option, result, message) => {
    const error = thrownBy(() => assess({ [option]: () => result }))
    expect(error).toMatchObject({ code: 'invalid_result', option, message })
    const rejected = assess({ [option]: async () => result }) as Promise<unknown>
    expect(await rejectionOf(rejected)).toMatchObject({ code: 'invalid_result', option, message })
  })

  it.each([
    ['reads', "'reads'"],
    ['READ', "'READ'"],
    [undefined, 'undefined'],
    [false, 'false'],
    ['__proto__', "'__proto__'"],
    [Promise.resolve('read'), 'a Promise'],
  ])('of classify must not be %o', (result, shown) => {
    const error = thrownBy(() => assess({ classify: () => result }))
    expect(error.code).toBe('invalid_result')
    expect(error.message).toBe(`classify: returned no class, got ${shown}. Return 'read' or 'write'.`)
  })

  it('of cost must not be above the limit', () => {
    const options = { read: 5, cost: () => 6 }
    const error = thrownBy(() => assess(options))
    expect(error).toMatchObject({ code: 'cost_above_capacity', option: 'cost', value: 6 })
    expect(error.message).toBe(
      "cost: can never be admitted by the limit 'read' of 5, got 6. Lower the cost, or raise the limit to at least 6.",
    )
    expect(assess({ ...options, read: () => 6 })).toMatchObject({ charge: { cost: 6 } })
    expect(thrownBy(() => assess({ ...options, read: () => 5 })).code).toBe('cost_above_capacity')
  })

  it('of cost must not be above the smallest burst of several limits', () => {
    const read = [{ limit: 100 }, { limit: 5, windowSec: 1, algorithm: 'sliding-window' }]
    expect(assess({ read, cost: () => 5 })).toMatchObject({ charge: { cost: 5 } })
    expect(thrownBy(() => assess({ read, cost: () => 6 })).message).toBe(
      "cost: can never be admitted by the limit 'read-1s' of 5, got 6. Lower the cost, or raise the limit to at least 6.",
    )
  })

  it('of cost must not be above the capacity of a token bucket, however much comes back in its window', () => {
    const read = { limit: 100, algorithm: 'token-bucket', burst: 5, name: 'drops' }
    expect(assess({ read, cost: () => 5 })).toMatchObject({ charge: { cost: 5 } })
    const error = thrownBy(() => assess({ read, cost: () => 6 }))
    expect(error).toMatchObject({ code: 'cost_above_capacity', option: 'cost', value: 6 })
    expect(error.message).toBe(
      "cost: can never be admitted by the limit 'drops' of 5, got 6. Lower the cost, or raise its burst to at least 6.",
    )
    const large = { limit: 5, algorithm: 'token-bucket', burst: 100 }
    expect(assess({ read: large, cost: () => 100 })).toMatchObject({ charge: { cost: 100 } })
  })
})
