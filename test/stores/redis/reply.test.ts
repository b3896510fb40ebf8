import { describe, expect, it } from 'vitest'
import { isReplyOfHealthyRedis } from '../../../src/stores/redis/error-replies.ts'
import {
  answersOf,
  decisionOf,
  droppedCountersOf,
  failureOf,
  receiptNumbersOf,
  recordsOf,
  replyNumbersOf,
} from '../../../src/stores/redis/reply.ts'
import { chargeOf, limitOf } from '../../support/charges.ts'
import { thrownBy } from '../../support/thrown-by.ts'

const CHARGE = chargeOf('key', [
  limitOf(10, { name: 'a' }),
  limitOf(5, { name: 'b', burst: 7, algorithm: 'token-bucket' }),
])

/** Allowed, retry, repeat, end of the ban, whether the ban is new, then remaining and reset of each limit. */
const ALLOWED = [1, 0, 0, -1, 0, 9, 60_000, 6, 1000]
const STATES = [
  { name: 'a', limit: 10, remaining: 9, resetMs: 60_000 },
  { name: 'b', limit: 7, remaining: 6, resetMs: 1000 },
]

describe('the decision in a reply', () => {
  it('can be allowed', () => {
    expect(decisionOf(ALLOWED, CHARGE)).toStrictEqual({ allowed: true, retryAfterMs: 0, limits: STATES })
  })

  it('has the time until the same charge can be taken again', () => {
    const reply = ALLOWED.with(2, 700)
    expect(decisionOf(reply, CHARGE)).toStrictEqual({
      allowed: true,
      retryAfterMs: 0,
      limits: STATES,
      repeatAfterMs: 700,
    })
  })

  it('can be refused', () => {
    const reply = [0, 1234, 0, -1, 0, 0, 1234, 6, 1000]
    const limits = [
      { name: 'a', limit: 10, remaining: 0, resetMs: 1234 },
      { name: 'b', limit: 7, remaining: 6, resetMs: 1000 },
    ]
    expect(decisionOf(reply, CHARGE)).toStrictEqual({ allowed: false, retryAfterMs: 1234, limits })
  })

  it.each([
    [1, true],
    [0, false],
  ])('has the ban, which is new if the number is 1: %i', (number, isNew) => {
    const { ban } = decisionOf([0, 5000, 0, 5000, number, 0, 5000, 0, 5000], CHARGE)
    expect(ban).toStrictEqual({ endsInMs: 5000, isNew })
  })

  it('is followed by three receipt numbers for each limit, of which a window needs one', () => {
    const reply = [...ALLOWED, 11, 12, 13, 21, 22, 23]
    expect(decisionOf(reply, CHARGE)).toStrictEqual({ allowed: true, retryAfterMs: 0, limits: STATES })
    expect(receiptNumbersOf(reply, CHARGE)).toStrictEqual([[11], [21, 22, 23]])
  })

  it('may end with the number of dropped counters', () => {
    const reply = [...ALLOWED, 11, 12, 13, 21, 22, 23]
    expect(droppedCountersOf(reply, CHARGE)).toBe(0)
    expect(droppedCountersOf([...reply, 2], CHARGE)).toBe(2)
    expect(receiptNumbersOf([...reply, 2], CHARGE)).toStrictEqual(receiptNumbersOf(reply, CHARGE))
    expect(droppedCountersOf([0, 1234, 0, -1, 0, 0, 1234, 6, 1000], CHARGE)).toBe(0)
  })

  it.each([
    ['text', (number: number): unknown => String(number)],
    ['bigints', (number: number) => BigInt(number)],
    ['Buffers', (number: number) => Buffer.from(String(number))],
    ['bytes', (number: number) => new TextEncoder().encode(String(number))],
    ['text and numbers', (number: number) => (number > 5 ? String(number) : number)],
  ])('may have its numbers as %s', (_, as) => {
    const reply = [...ALLOWED, 999_999_999_999_999, 0, 4_294_967_295, 9_007_199_254_740_991, 0, 1].map(as)
    const numbers = replyNumbersOf(reply, CHARGE)
    expect(decisionOf(numbers, CHARGE)).toStrictEqual({ allowed: true, retryAfterMs: 0, limits: STATES })
    expect(receiptNumbersOf(numbers, CHARGE)).toStrictEqual([
      [999_999_999_999_999],
      [9_007_199_254_740_991, 0, 1],
    ])
  })
})

describe('the records in a reply to a settlement', () => {
  it('are lists, each after its length', () => {
    expect(recordsOf([2, 5, 11, 4, 5, 1, 2, 3], 2)).toStrictEqual([
      [5, 11],
      [5, 1, 2, 3],
    ])
    expect(recordsOf(['1', 7n], 1)).toStrictEqual([[7]])
  })

  it.each([[[2, 5, 11]], [[0, 0]], [[-1, 3, 1, 4]], [[]], ['OK'], [[1.5, 3, 1, 3]]])(
    'are a failure of the store where they are not: %o',
    (reply) => {
      expect(thrownBy(() => recordsOf(reply, 2)).code).toBe('store_failed')
    },
  )
})

describe('the answers to a batch', () => {
  it('are as many as its operations', () => {
    expect(answersOf([[1], [2, 3]], 2)).toEqual([[1], [2, 3]])
  })

  it('are three integers in a row, lists and texts of errors', () => {
    const reply = [7, 400, 77, [1, 0], 'OOM x', 6, 400, -1]
    expect(answersOf(reply, 4)).toEqual([[7, 400, 77], [1, 0], 'OOM x', [6, 400, -1]])
    const texts = ['7', '400', '77', ['1', '0'], 'OOM x', '6', '400', '-1']
    expect(answersOf(texts, 4)).toEqual([['7', '400', '77'], ['1', '0'], 'OOM x', ['6', '400', '-1']])
    expect(answersOf([null, 7, 400, 77], 2)).toEqual([null, [7, 400, 77]])
  })

  it.each<[unknown, string]>([
    ['OK', "'OK'"],
    [undefined, 'undefined'],
    [[[1]], '[[1]]'],
    [[1, 1, 1], '[1,1,1]'],
  ])('are a failure of the store if the reply is %j', (reply, text) => {
    const { code, message } = thrownBy(() => answersOf(reply, 2))
    expect(code).toBe('store_failed')
    expect(message).toBe(
      `Redis answered ${text} instead of a list of 2 answers. Check whether a proxy or the client changes the replies of Redis.`,
    )
  })

  it.each([
    ['OOM command not allowed', 'OOM command not allowed'],
    [Buffer.from('OOM command not allowed'), 'OOM command not allowed'],
    // Of Redis 6.2, and of the script itself.
    ['@user_script: 5: -OOM command not allowed', 'ERR @user_script: 5: -OOM command not allowed'],
    ['user_script:5: attempt to index a nil value', 'ERR user_script:5: attempt to index a nil value'],
  ])('can be the text of an error: %s', (answer, message) => {
    expect(failureOf(answer)).toEqual(new Error(message))
    expect(isReplyOfHealthyRedis(failureOf(answer))).toBe(true)
  })

  it.each([[[1, 2]], [['OOM', 2]]])('can be no error: %s', (answer) => {
    expect(failureOf(answer)).toBeUndefined()
  })
})

describe('a short reply to a charge on a single fixed window', () => {
  const charge = chargeOf('key', [limitOf(10)], 3)

  it.each([
    ['an allowed charge', [6, 400, 77], [1, 0, 0, -1, 0, 6, 400, 77, 0, 0]],
    ['an allowed charge that cannot be repeated at once', [2, 400, 77], [1, 0, 400, -1, 0, 2, 400, 77, 0, 0]],
    ['a refused charge', [2, 400, -1], [0, 400, 0, -1, 0, 2, 400]],
  ])('becomes a long reply: %s', (_, reply, whole) => {
    expect(replyNumbersOf(reply, charge)).toStrictEqual(whole)
    expect(replyNumbersOf(reply.map(String), charge)).toStrictEqual(whole)
    expect(replyNumbersOf(whole, charge)).toStrictEqual(whole)
  })

  it.each([[[]], [[6]], [[6, 400]], [[6, 400, 77, 0]], [[6, '400ms', 77]]])(
    'is a failure of the store: %j',
    (reply) => {
      const { code, message } = thrownBy(() => replyNumbersOf(reply, charge))
      expect(code).toBe('store_failed')
      expect(message).toContain(`Redis answered ${JSON.stringify(reply)} instead of 7 integers or more.`)
    },
  )

  it('is a failure of the store if the charge has several limits', () => {
    expect(thrownBy(() => replyNumbersOf([6, 400, 77], CHARGE)).code).toBe('store_failed')
  })
})

describe('a reply of another shape', () => {
  const shown = (what: string): string =>
    `Redis answered ${what} instead of 9 integers or more. Check whether a proxy or the client changes the replies of Redis.`

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['nil', null, 'null'],
    ['text', 'OK', "'OK'"],
    ['a number', 1, '1'],
    ['an empty list', [], '[]'],
    ['a list that is too short', ALLOWED.slice(1), '[0,0,-1,0,9,60000,6,1000]'],
    ['a nil in it', ALLOWED.with(5, null as never), '[1,0,0,-1,0,null,60000,6,1000]'],
    ['lists in it', [[1], ...ALLOWED.slice(1)], '[[1],0,0,-1,0,9,60000,6,1000]'],
    ['a list in a list', [ALLOWED], '[[1,0,0,-1,0,9,60000,6,1000]]'],
    ['a fraction', ALLOWED.with(1, 0.5), '[1,0.5,0,-1,0,9,60000,6,1000]'],
    ['a fraction as text', [...ALLOWED.slice(0, 8), '0.5'], '[1,0,0,-1,0,9,60000,6,"0.5"]'],
    ['an exponent as text', [...ALLOWED.slice(0, 8), '1e3'], '[1,0,0,-1,0,9,60000,6,"1e3"]'],
    ['hexadecimal text', [...ALLOWED.slice(0, 8), '0x10'], '[1,0,0,-1,0,9,60000,6,"0x10"]'],
    ['empty text', [...ALLOWED.slice(0, 8), ''], '[1,0,0,-1,0,9,60000,6,""]'],
    ['text with a line end', [...ALLOWED.slice(0, 8), '1\n'], '[1,0,0,-1,0,9,60000,6,"1\\n"]'],
    ['NaN', ALLOWED.with(6, Number.NaN), '[1,0,0,-1,0,9,null,6,1000]'],
    ['infinity', ALLOWED.with(6, Number.POSITIVE_INFINITY), '[1,0,0,-1,0,9,null,6,1000]'],
    ['more than a double holds', ALLOWED.with(6, 2 ** 53), '[1,0,0,-1,0,9,9007199254740992,6,1000]'],
    [
      'the same as text',
      [...ALLOWED.slice(0, 8), '9007199254740993'],
      '[1,0,0,-1,0,9,60000,6,"9007199254740993"]',
    ],
    ['the same as a bigint', [...ALLOWED.slice(0, 8), 2n ** 60n], 'an object'],
    ['a boolean', ALLOWED.with(0, true as never), '[true,0,0,-1,0,9,60000,6,1000]'],
    ['an object', { 0: 1, length: 9 }, '{"0":1,"length":9}'],
    [
      'bytes that are no digits',
      [...ALLOWED.slice(0, 8), Buffer.from('x1')],
      '[1,0,0,-1,0,9,60000,6,{"type":"Buffer","data":[120,49]}]',
    ],
  ])('is a failure of the store: %s', (_, reply, text) => {
    const error = thrownBy(() => replyNumbersOf(reply, CHARGE))
    expect(error.code).toBe('store_failed')
    expect(error.message).toBe(shown(text))
  })

  it('is shown in part if it is long', () => {
    const { message } = thrownBy(() => replyNumbersOf('x'.repeat(1000), CHARGE))
    expect(message).toBe(shown(`'${'x'.repeat(76)}...`))
  })

  it('is a failure of the store if receipt numbers are missing', () => {
    const error = thrownBy(() => receiptNumbersOf([...ALLOWED, 1, 2, 3, 4, 5], CHARGE))
    expect(error.code).toBe('store_failed')
    expect(error.message).toBe(
      'Redis answered [1,0,0,-1,0,9,60000,6,1000,1,2,3,4,5] instead of 15 integers or more. ' +
        'Check whether a proxy or the client changes the replies of Redis.',
    )
  })
})
