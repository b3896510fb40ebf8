import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RedisStore } from '../../../src/stores/redis/redis-store.ts'
import type { RedisStoreOptions } from '../../../src/stores/redis/redis-store-options.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { allowedDecision, chargeOf } from '../../support/charges.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'
import { FakeIoredis, FakeNodeRedis } from './fake-clients.ts'

/** The reply to an allowed charge on one limit, with three receipt numbers. */
const ALLOWED = [1, 0, 0, -1, 0, 2, 60_000, 7, 0, 0]
const REFUSED = [0, 60_000, 0, -1, 0, 0, 60_000]
const LIMITS = '"limits":[["test","fixed-window",3,60000,3,90000,3]]'
const SHORT_FORM = '[1,3,60000,"90000","test"]'
const NOSCRIPT = new Error('NOSCRIPT No matching script. Please use EVAL.')
const CHARGE_WITHOUT_RECEIPT = { ...chargeOf('client'), refundable: false }

/** A server that records each command. It answers with `reply`: for a script each operation of it, by its place. */
class Recorder {
  readonly commands: string[][] = []
  reply: (words: readonly string[]) => unknown = () => ALLOWED

  readonly client = {
    sendCommand: async (words: string[]): Promise<unknown> => {
      this.commands.push(words)
      const answer = await this.reply(words)
      const isScript = words[0]?.startsWith('EVAL') === true
      const answerTo = (at: number): unknown => (typeof answer === 'function' ? answer(at) : answer)
      return isScript ? Array.from({ length: Number(words[2]) }, (_, at) => answerTo(at)) : answer
    },
  }

  get names(): (string | undefined)[] {
    return this.commands.map(([name]) => name)
  }
}

let redis: Recorder
let clock: FakeClock
beforeEach(() => {
  redis = new Recorder()
  clock = new FakeClock(1000)
})

const made = (options: Partial<RedisStoreOptions> = {}): RedisStore =>
  new RedisStore({ client: redis.client, ...options })

describe('the options of RedisStore', () => {
  it('have the defaults that docs/options.md names', () => {
    expect([made().deadlineMs, made().connectDeadlineMs]).toEqual([100, 1000])
    expect(made({ deadlineMs: 2_147_483_647 }).deadlineMs).toBe(2_147_483_647)
    expect(made().capabilities).toStrictEqual({
      algorithms: ['fixed-window', 'sliding-window', 'token-bucket', 'calendar-window'],
      severalLimits: true,
      bans: true,
      shared: true,
    })
  })

  const PREFIX = 'Each key starts with it. One pair of braces may name a slot of a cluster: {app}.'
  const client = { sendCommand: async () => 'OK' }
  it.each<[unknown, string, string]>([
    [
      undefined,
      'invalid_option',
      'RedisStore: takes an object of options, got undefined. Give an object; it may have client, prefix, deadlineMs, connectDeadlineMs, refusalCache, clock.',
    ],
    [
      { client, keyPrefix: 'x' },
      'unknown_option',
      "RedisStore.keyPrefix: is not an option, got 'x'. Did you mean 'prefix'? Write prefix, or leave it out.",
    ],
    [
      { client, deadlineMs: 0 },
      'invalid_option',
      'RedisStore.deadlineMs: takes a whole number, got 0. Give a number from 1 to 2147483647, without quotes.',
    ],
    [
      { client, deadlineMs: 2 ** 31 },
      'invalid_option',
      'RedisStore.deadlineMs: takes a whole number, got 2147483648. Give a number from 1 to 2147483647, without quotes.',
    ],
    [
      { client, connectDeadlineMs: 0 },
      'invalid_option',
      'RedisStore.connectDeadlineMs: takes a whole number, got 0. Give a number from 1 to 2147483647, without quotes.',
    ],
    [
      { sendCommand: async () => 'OK' },
      'unknown_option',
      'RedisStore.sendCommand: is an option of rate-limit-redis. Give the Redis client itself: { client }. Or give { client: { sendCommand: (words) => ... } }.',
    ],
    [
      { client, refusalCache: 0 },
      'invalid_option',
      'RedisStore.refusalCache: takes a whole number, got 0. Give a number from 1 to 10000000, without quotes.',
    ],
    [
      { client, refusalCache: true },
      'invalid_option',
      'RedisStore.refusalCache: takes a whole number, got true. Give a number from 1 to 10000000, without quotes.',
    ],
    [
      { client, clock: {} },
      'invalid_option',
      'RedisStore.clock: takes a clock, got {}. Give { now(): number } in milliseconds.',
    ],
    [
      { client, clock: null },
      'invalid_option',
      'RedisStore.clock: takes a clock, got null. Give { now(): number } in milliseconds.',
    ],
    [
      {},
      'invalid_option',
      'RedisStore.client: takes a client of ioredis or node-redis, or { sendCommand(words) }, got undefined. Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
    ],
    [
      { client: new Map() },
      'invalid_option',
      'RedisStore.client: takes a client of ioredis or node-redis, or { sendCommand(words) }, got a Map. Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
    ],
    ...[
      5,
      'a b',
      'a\u0000',
      'caf\u00e9',
      '{',
      '}',
      '{}',
      '{a}{b}',
      '{a b}',
      '{caf\u00e9}',
      '{{a}}',
      '{a\n}',
    ].map((prefix): [unknown, string, string] => [
      { client, prefix },
      'invalid_option',
      `RedisStore.prefix: takes printable ASCII without spaces, got ${typeof prefix === 'string' ? `'${prefix.replace('\u0000', '\\x00').replace('\n', '\\x0a')}'` : prefix}. ${PREFIX}`,
    ]),
  ])('reject %j', (options, code, message) => {
    const error = thrownBy(() => new RedisStore(options as RedisStoreOptions))
    expect([error.code, error.message]).toEqual([code, message])
  })

  it.each(['', 'a', '{a}', '{a}:b', 'a:{b}', 'a*b?[c]\\', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`|~'])(
    'put the prefix %j before every key',
    async (prefix) => {
      const store = made({ prefix })
      await store.consume(CHARGE_WITHOUT_RECEIPT)
      await store.reset('client')
      expect(redis.commands.map(([name, ...words]) => (name === 'DEL' ? words[0] : words[2]))).toEqual([
        `${prefix}:v2:client`,
        `${prefix}:v2:client`,
      ])
    },
  )

  it('put the prefix of an ioredis client before their own prefix', async () => {
    const given = new FakeIoredis({ keyPrefix: 'app:' })
    const store = new RedisStore({ client: given, clock })
    const [own = given] = given.duplicates
    own.answer = () => [[1]]
    await store.unblock('client')
    expect(own.calls).toEqual([
      [
        'evalsha',
        ...[expect.stringMatching(/^[0-9a-f]{40}$/), 1, 'app:tollgate:v2:client', '1000'],
        ...[expect.any(String), '$', '{"run":"unblock"}'],
      ],
    ])
  })
})

describe('a charge', () => {
  it('is one command: the digest of the script, the key, the time, an id, and the form of the operation', async () => {
    const store = made()
    await store.consume(chargeOf('client', undefined, 2))
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    await store.peek(chargeOf('client'))
    const id = expect.stringMatching(/^\d{1,10}$/) as unknown
    const sha = expect.stringMatching(/^[0-9a-f]{40}$/) as unknown
    const head = ['EVALSHA', sha, '1', 'tollgate:v2:client', '', id, '$']
    expect(redis.commands).toEqual([
      [...head, SHORT_FORM.replace('[1', '[2')],
      [...head, SHORT_FORM],
      [...head, `{"run":"peek","cost":1,${LIMITS}}`],
    ])
    expect(new Set(redis.commands.map((words) => words[1])).size).toBe(1)
    const ids = redis.commands.map((words) => Number(words[5]))
    expect(new Set(ids).size).toBe(3)
    expect(Math.max(...ids)).toBeLessThan(2 ** 32)
  })

  it('has the time of a given clock in whole milliseconds, and no time without a clock', async () => {
    clock.set(1234.9)
    await made({ clock }).consume(CHARGE_WITHOUT_RECEIPT)
    await made().consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.commands.map((words) => words[4])).toEqual(['1234', ''])
  })

  it('has a receipt if it is allowed and refundable', async () => {
    const { receipt, ...decision } = await made().consume(chargeOf('client'))
    expect(decision).toStrictEqual(allowedDecision())
    expect(receipt).toBeTypeOf('object')
    redis.reply = () => ALLOWED.slice(0, 7)
    expect(await made().consume(CHARGE_WITHOUT_RECEIPT)).toStrictEqual(allowedDecision())
    expect(await made().peek(chargeOf('client'))).toStrictEqual(allowedDecision())
    redis.reply = () => REFUSED
    expect(await made().consume(chargeOf('client'))).not.toHaveProperty('receipt')
  })

  it('fails if the receipt numbers are missing', async () => {
    redis.reply = () => ALLOWED.slice(0, 9)
    const { code } = await rejectionOf(Promise.resolve(made().consume(chargeOf('client'))))
    expect(code).toBe('store_failed')
  })
})

describe('a script that Redis does not know', () => {
  beforeEach(() => {
    redis.reply = ([name]) => {
      if (name === 'EVALSHA') throw NOSCRIPT
      return ALLOWED
    }
  })

  it('is sent once, as the text of the digest', async () => {
    expect(await made().consume(CHARGE_WITHOUT_RECEIPT)).toStrictEqual(allowedDecision())
    expect(redis.names).toEqual(['EVALSHA', 'EVAL'])
    const [[, sha, ...askedArgs] = [], [, source = '', ...sentArgs] = []] = redis.commands
    expect(createHash('sha1').update(source).digest('hex')).toBe(sha)
    expect(sentArgs).toEqual(askedArgs)
  })

  it('is sent for each operation of the store', async () => {
    const store = made()
    const { receipt = {} } = await store.consume(chargeOf('client'))
    await store.settle(receipt, 0)
    await store.block('client', 5)
    await store.unblock('client')
    expect(redis.names).toEqual(Array.from({ length: 4 }, () => ['EVALSHA', 'EVAL']).flat())
    expect(new Set(redis.commands.map((words) => words[1])).size).toBe(2)
  })

  it('is not sent again if that fails', async () => {
    redis.reply = () => {
      throw NOSCRIPT
    }
    await expect(made().consume(CHARGE_WITHOUT_RECEIPT)).rejects.toBe(NOSCRIPT)
    expect(redis.names).toEqual(['EVALSHA', 'EVAL'])
  })

  it('is one command with its text and its key, through ioredis and node-redis', async () => {
    const ioredis = new FakeIoredis()
    const nodeRedis = new FakeNodeRedis()
    const stores = [ioredis, nodeRedis].map((client) => new RedisStore({ client, clock }))
    const [own = ioredis] = ioredis.duplicates
    for (const client of [own, nodeRedis]) {
      client.answer = ([name]) => {
        if (name.toLowerCase() === 'evalsha') throw NOSCRIPT
        return [[1]]
      }
    }
    for (const store of stores) await store.block('client', 5)
    const text = expect.stringContaining('redis.call') as unknown
    const args = ['1000', expect.any(String), '$', '{"run":"block","ms":5}']
    expect(own.calls[1]).toEqual(['eval', text, 1, 'tollgate:v2:client', ...args])
    expect(nodeRedis.calls[1]).toEqual(['eval', text, { keys: ['tollgate:v2:client'], arguments: args }])
  })

  describe('if Redis answers so', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    it.each([
      [false, ['EVALSHA', 'EVAL']],
      [true, ['EVALSHA']],
    ])('to a charge that is abandoned: %s, causes the commands %j', async (isAbandoned, sent) => {
      const charge = { ...CHARGE_WITHOUT_RECEIPT, isAbandoned: false }
      redis.reply = async ([name]) => {
        if (name === 'EVAL') return ALLOWED
        await new Promise((resolve) => setTimeout(resolve, 100))
        charge.isAbandoned = isAbandoned
        throw NOSCRIPT
      }
      const settled = Promise.allSettled([made().consume(charge)])
      await vi.advanceTimersByTimeAsync(200)
      const [{ status }] = await settled
      expect(redis.names).toEqual(sent)
      expect(status).toBe(sent.length === 2 ? 'fulfilled' : 'rejected')
    })
  })
})

describe('any other failure', () => {
  it.each([
    new Error('ERR unknown command'),
    new Error('OOM command not allowed when used memory > maxmemory.'),
    new Error("READONLY You can't write against a read only replica."),
    new Error('LOADING Redis is loading the dataset in memory'),
    new Error('MOVED 1234 127.0.0.1:7001'),
    new Error('ERR Error running script: NOSCRIPT'),
    new Error('Connection is closed.'),
    new Error(''),
    'NOSCRIPT No matching script.',
    undefined,
  ])('rejects, and no command is sent again: %s', async (error) => {
    redis.reply = () => {
      throw error
    }
    const store = made()
    const [{ status, ...rest }] = await Promise.allSettled([store.consume(CHARGE_WITHOUT_RECEIPT)])
    expect([status, rest]).toEqual(['rejected', { reason: error }])
    expect(redis.names).toEqual(['EVALSHA'])
  })

  it('can be a client that throws instead of rejecting', async () => {
    const client = {
      sendCommand: (): never => {
        throw new Error('The client is closed')
      },
    }
    await expect(new RedisStore({ client }).consume(CHARGE_WITHOUT_RECEIPT)).rejects.toThrow(
      'The client is closed',
    )
  })
})

describe('a client that is not connected', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const cases = (): [string, () => { store: RedisStore; own: FakeIoredis | FakeNodeRedis }][] => [
    [
      'ioredis',
      () => {
        const client = new FakeIoredis()
        const store = new RedisStore({ client })
        const [own = client] = client.duplicates
        own.status = 'connecting'
        return { store, own }
      },
    ],
    [
      'node-redis',
      () => {
        const own = new FakeNodeRedis()
        own.isReady = false
        return { store: new RedisStore({ client: own }), own }
      },
    ],
  ]

  it.each(cases())('gets a command when it is connected: %s', async (_, make) => {
    const { store, own } = make()
    own.answer = () => [ALLOWED]
    const decision = store.consume(CHARGE_WITHOUT_RECEIPT)
    await vi.advanceTimersByTimeAsync(989)
    expect(own.calls).toEqual([])
    own.becomeReady()
    expect(await decision).toStrictEqual(allowedDecision())
    expect(own.calls).toHaveLength(1)
  })

  it.each(cases())('gets no command if it is connected after the deadline: %s', async (_, make) => {
    const { store, own } = make()
    const all = Promise.allSettled([
      store.consume(CHARGE_WITHOUT_RECEIPT),
      store.peek(CHARGE_WITHOUT_RECEIPT),
      store.block('client', 5),
      store.reset('client'),
      store.resetAll(),
    ])
    await vi.advanceTimersByTimeAsync(1000)
    expect((await all).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    own.becomeReady()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(own.calls).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('causes no warning of a leak if many requests wait for it', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const own = new FakeNodeRedis()
    own.isReady = false
    own.answer = ([, , script]) => (script as { keys: string[] }).keys.map(() => ALLOWED)
    const store = new RedisStore({ client: own })
    const all = Array.from({ length: 50 }, () => store.consume(CHARGE_WITHOUT_RECEIPT))
    await vi.advanceTimersByTimeAsync(1)
    own.becomeReady()
    await Promise.all(all)
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })
})

describe('a refusal', () => {
  beforeEach(() => {
    redis.reply = ([name]) => (name === 'EVALSHA' ? REFUSED : 1)
  })

  it('is repeated without a command for five seconds at most: another process may unblock the client', async () => {
    const store = made({ clock })
    const first = await store.consume(CHARGE_WITHOUT_RECEIPT)
    clock.advance(4998)
    const last = store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(last).toStrictEqual({
      ...first,
      retryAfterMs: 55_002,
      limits: [{ name: 'test', limit: 3, remaining: 0, resetMs: 55_002 }],
    })
    expect(redis.commands).toHaveLength(1)
    clock.advance(1)
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.commands).toHaveLength(2)
  })

  it('needs a command each time without a cache', async () => {
    const store = made({ clock, refusalCache: false })
    for (const _ of [1, 2, 3]) await store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.commands).toHaveLength(3)
  })

  it('is remembered for as many clients as the option allows', async () => {
    const store = made({ clock, refusalCache: 2 })
    for (const key of ['a', 'b', 'c']) await store.consume({ ...CHARGE_WITHOUT_RECEIPT, key })
    for (const key of ['c', 'b', 'a']) await store.consume({ ...CHARGE_WITHOUT_RECEIPT, key })
    expect(redis.commands.map((words) => words[3]?.slice(-1))).toEqual(['a', 'b', 'c', 'a'])
  })

  it.each<[string, (store: RedisStore) => Promise<void>]>([
    ['block', (store) => store.block('client', 5)],
    ['unblock', (store) => store.unblock('client')],
    ['reset', (store) => store.reset('client')],
  ])('is forgotten by %s, also if its command was sent before', async (_, change) => {
    const store = made({ clock })
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    const changed = change(store)
    // Asked before the end of the change, and answered after it.
    const concurrent = store.consume(CHARGE_WITHOUT_RECEIPT)
    await Promise.all([changed, concurrent])
    const { length } = redis.commands
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.commands).toHaveLength(length + 1)
  })

  it('is forgotten by a refund, when it starts and when it ends', async () => {
    redis.reply = () => ALLOWED
    const store = made({ clock })
    const { receipt = {} } = await store.consume(chargeOf('client'))
    redis.reply = (words) => {
      const isSettled = words.some((word) => word.includes('"run":"settle"'))
      return (at: number) => (isSettled && at === 0 ? [2, 0, 7] : REFUSED)
    }
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    const refunded = store.settle(receipt, 0)
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    // The refund and the charge went out together.
    expect(redis.commands).toHaveLength(3)
    await refunded
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.commands).toHaveLength(4)
  })

  it('is forgotten by resetAll', async () => {
    redis.reply = ([name]) => (name === 'SCAN' ? ['0', []] : REFUSED)
    const store = made({ clock })
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    await store.resetAll()
    await store.consume(CHARGE_WITHOUT_RECEIPT)
    expect(redis.names).toEqual(['EVALSHA', 'SCAN', 'EVALSHA'])
  })
})

describe('a refund', () => {
  it('sends the limits, the cost and the receipt numbers', async () => {
    const store = made({ clock })
    const { receipt = {} } = await store.consume(chargeOf('client', undefined, 2))
    await store.settle(receipt, 0)
    expect(redis.commands[1]?.slice(-1)).toEqual([`{"run":"settle","cost":0,${LIMITS},"records":[[2,7]]}`])
  })

  it('is made once, and only for receipts of the store', async () => {
    const store = made()
    const { receipt = {} } = await store.consume(chargeOf('client'))
    for (const imitation of [{}, { ...receipt }, Object.create(receipt) as object])
      await store.settle(imitation, 0)
    await made().settle(receipt, 0)
    expect(redis.commands).toHaveLength(1)
    await store.settle(receipt, 0)
    await store.settle(receipt, 0)
    expect(redis.commands).toHaveLength(2)
  })
})

describe('resetAll', () => {
  it('scans until the cursor is 0 again, and deletes the keys that it finds', async () => {
    const pages: Record<string, unknown> = {
      0: ['17', ['tollgate:v2:a', 'tollgate:v2:b']],
      17: [Buffer.from('5'), []],
      5: ['0', [Buffer.from('tollgate:v2:c')]],
    }
    redis.reply = ([name, cursor = '']) => (name === 'SCAN' ? pages[cursor] : 1)
    await made().resetAll()
    const scan = (cursor: string): string[] => ['SCAN', cursor, 'MATCH', 'tollgate:v2:*', 'COUNT', '1000']
    expect(redis.commands).toEqual([
      scan('0'),
      ['UNLINK', 'tollgate:v2:a'],
      ['UNLINK', 'tollgate:v2:b'],
      scan('17'),
      scan('5'),
      ['UNLINK', 'tollgate:v2:c'],
    ])
  })
})

describe('a store that was closed', () => {
  const MESSAGE = 'this RedisStore was closed. Close it after the last request.'

  it('rejects all operations and sends no command', async () => {
    const store = made()
    await store.close()
    expect(thrownBy(() => store.consume(CHARGE_WITHOUT_RECEIPT))).toMatchObject({
      code: 'closed',
      message: MESSAGE,
    })
    const operations = [
      store.peek(CHARGE_WITHOUT_RECEIPT),
      store.block('client', 5),
      store.unblock('client'),
      store.reset('client'),
      store.resetAll(),
    ]
    for (const promise of operations) {
      expect(await rejectionOf(promise)).toMatchObject({ code: 'closed', message: MESSAGE })
    }
    expect(redis.commands).toEqual([])
  })

  it('closes its own connection once, and not the client of the application', async () => {
    const client = new FakeIoredis()
    const store = new RedisStore({ client })
    const [own = client] = client.duplicates
    const disconnect = vi.spyOn(own, 'disconnect')
    await store.close()
    await store.close()
    expect(disconnect).toHaveBeenCalledOnce()
    expect(client.isDisconnected).toBe(false)
  })
})
