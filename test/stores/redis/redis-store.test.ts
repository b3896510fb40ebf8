import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/redis-store.ts'
import { FakeClock } from '../../../src/tools/testing/fake-clock.ts'
import { admitted, chargeOf } from '../../support/charges.ts'
import { rejectionOf, thrownBy } from '../../support/thrown-by.ts'
import { FakeIoredis, FakeNodeRedis } from './fake-clients.ts'

/** What the deciding script answers to an admitted charge of one limit, with three numbers for the receipt. */
const ADMITTED = [1, 0, 0, -1, 0, 2, 60_000, 7, 0, 0]
const REFUSED = [0, 60_000, 0, -1, 0, 0, 60_000]
const SPEC = '{"limits":[["test","fixed-window",3,60000,3,90000]]}'
const ONE_WINDOW = ['test', '3', '60000', '90000']
const NOSCRIPT = new Error('NOSCRIPT No matching script. Please use EVAL.')
const NO_RECEIPT = { ...chargeOf('client'), refundable: false }

/** A server that answers each command as it is told to, and notes it. */
class Recorder {
  readonly commands: string[][] = []
  reply: (words: readonly string[]) => unknown = () => ADMITTED

  readonly client = {
    sendCommand: async (words: string[]): Promise<unknown> => {
      this.commands.push(words)
      return this.reply(words)
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
  it('are those that the README names', () => {
    expect(made().deadlineMs).toBe(100)
    expect(made({ deadlineMs: 2_147_483_647 }).deadlineMs).toBe(2_147_483_647)
    expect(made().capabilities).toStrictEqual({
      algorithms: ['fixed-window', 'sliding-window', 'token-bucket'],
      severalLimits: true,
      bans: true,
      shared: true,
    })
  })

  const PREFIX = 'It begins every key; braces may name one slot of a cluster: {app}.'
  const client = { sendCommand: async () => 'OK' }
  it.each<[unknown, string, string]>([
    [
      undefined,
      'invalid_option',
      'RedisStore: takes an object of options, got undefined. Give an object; it may have client, prefix, deadlineMs, refusalCache, clock.',
    ],
    [
      { client, keyPrefix: 'x' },
      'unknown_option',
      "RedisStore.keyPrefix: is not an option, got 'x'. Did you mean 'prefix'? The options are client, prefix, deadlineMs, refusalCache, clock.",
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
  ])('are none other: %j', (options, code, message) => {
    const error = thrownBy(() => new RedisStore(options as RedisStoreOptions))
    expect([error.code, error.message]).toEqual([code, message])
  })

  it.each(['', 'a', '{a}', '{a}:b', 'a:{b}', 'a*b?[c]\\', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`|~'])(
    'take the prefix %j, and begin every key with it',
    async (prefix) => {
      const store = made({ prefix })
      await store.consume(NO_RECEIPT)
      await store.reset('client')
      expect(redis.commands.map(([name, ...words]) => (name === 'DEL' ? words[0] : words[2]))).toEqual([
        `${prefix}:v1:client`,
        `${prefix}:v1:client`,
      ])
    },
  )

  it('put the prefix of an ioredis client before that', async () => {
    const given = new FakeIoredis({ keyPrefix: 'app:' })
    const store = new RedisStore({ client: given, clock })
    await store.unblock('client')
    expect(given.duplicates[0]?.calls).toEqual([
      ['evalsha', expect.stringMatching(/^[0-9a-f]{40}$/), 1, 'app:tollgate:v1:client', '1000'],
    ])
  })
})

describe('a charge', () => {
  it('is one command: the digest of a script, a key, cost, an id, limits, what is wanted', async () => {
    const store = made()
    await store.consume(chargeOf('client', undefined, 2))
    await store.consume(NO_RECEIPT)
    await store.peek(chargeOf('client'))
    const id = expect.stringMatching(/^\d{1,10}$/) as unknown
    const sha = expect.stringMatching(/^[0-9a-f]{40}$/) as unknown
    const head = ['EVALSHA', sha, '1', 'tollgate:v1:client', '']
    expect(redis.commands).toEqual([
      [...head, '2', id, ...ONE_WINDOW],
      [...head, '1', id, ...ONE_WINDOW],
      [...head, '1', id, SPEC, 'peek'],
    ])
    expect(new Set(redis.commands.map((words) => words[1])).size).toBe(1)
    const ids = redis.commands.map((words) => Number(words[6]))
    expect(new Set(ids).size).toBe(3)
    expect(Math.max(...ids)).toBeLessThan(2 ** 32)
  })

  it('tells the time of a clock that was given, in whole milliseconds, and else none', async () => {
    clock.set(1234.9)
    await made({ clock }).consume(NO_RECEIPT)
    await made().consume(NO_RECEIPT)
    expect(redis.commands.map((words) => words[4])).toEqual(['1234', ''])
  })

  it('has a receipt where it is admitted and may be given back', async () => {
    const { receipt, ...decision } = await made().consume(chargeOf('client'))
    expect(decision).toStrictEqual(admitted())
    expect(receipt).toBeTypeOf('object')
    redis.reply = () => ADMITTED.slice(0, 7)
    expect(await made().consume(NO_RECEIPT)).toStrictEqual(admitted())
    expect(await made().peek(chargeOf('client'))).toStrictEqual(admitted())
    redis.reply = () => REFUSED
    expect(await made().consume(chargeOf('client'))).not.toHaveProperty('receipt')
  })

  it('fails where the numbers for the receipt are missing', async () => {
    redis.reply = () => ADMITTED.slice(0, 9)
    const { code } = await rejectionOf(Promise.resolve(made().consume(chargeOf('client'))))
    expect(code).toBe('store_failed')
  })
})

describe('a script that Redis does not know', () => {
  beforeEach(() => {
    redis.reply = ([name]) => {
      if (name === 'EVALSHA') throw NOSCRIPT
      return ADMITTED
    }
  })

  it('is sent once with its text, whose digest it was asked for by', async () => {
    expect(await made().consume(NO_RECEIPT)).toStrictEqual(admitted())
    expect(redis.names).toEqual(['EVALSHA', 'EVAL'])
    const [[, sha, ...asked] = [], [, source = '', ...sent] = []] = redis.commands
    expect(createHash('sha1').update(source).digest('hex')).toBe(sha)
    expect(sent).toEqual(asked)
  })

  it('is so for each script of the store', async () => {
    const store = made()
    const { receipt = {} } = await store.consume(chargeOf('client'))
    await store.refund(receipt)
    await store.block('client', 5)
    await store.unblock('client')
    expect(redis.names).toEqual(Array.from({ length: 4 }, () => ['EVALSHA', 'EVAL']).flat())
    expect(new Set(redis.commands.map((words) => words[1])).size).toBe(8)
  })

  it('is not sent again when that fails, however it does', async () => {
    redis.reply = () => {
      throw NOSCRIPT
    }
    await expect(made().consume(NO_RECEIPT)).rejects.toBe(NOSCRIPT)
    expect(redis.names).toEqual(['EVALSHA', 'EVAL'])
  })

  it('has its key and its text in one command of ioredis and of node-redis', async () => {
    const ioredis = new FakeIoredis()
    const nodeRedis = new FakeNodeRedis()
    const stores = [ioredis, nodeRedis].map((client) => new RedisStore({ client, clock }))
    const [own = ioredis] = ioredis.duplicates
    for (const client of [own, nodeRedis]) {
      client.answer = ([name]) => {
        if (name.toLowerCase() === 'evalsha') throw NOSCRIPT
        return 1
      }
    }
    for (const store of stores) await store.block('client', 5)
    const text = expect.stringContaining('redis.call') as unknown
    expect(own.calls[1]).toEqual(['eval', text, 1, 'tollgate:v1:client', '1000', '5'])
    expect(nodeRedis.calls[1]).toEqual([
      'eval',
      text,
      { keys: ['tollgate:v1:client'], arguments: ['1000', '5'] },
    ])
  })

  describe('after a while', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    it.each([
      [99, ['EVALSHA', 'EVAL']],
      [101, ['EVALSHA']],
    ])('of %i ms is sent: %j', async (afterMs, sent) => {
      redis.reply = async ([name]) => {
        if (name === 'EVAL') return ADMITTED
        await new Promise((resolve) => setTimeout(resolve, afterMs))
        throw NOSCRIPT
      }
      const settled = Promise.allSettled([made().consume(NO_RECEIPT)])
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
  ])('ends the command, and nothing is sent again: %s', async (error) => {
    redis.reply = () => {
      throw error
    }
    const store = made()
    const [{ status, ...rest }] = await Promise.allSettled([store.consume(NO_RECEIPT)])
    expect([status, rest]).toEqual(['rejected', { reason: error }])
    expect(redis.names).toEqual(['EVALSHA'])
  })

  it('is a client that throws instead of rejecting, too', async () => {
    const client = {
      sendCommand: (): never => {
        throw new Error('The client is closed')
      },
    }
    await expect(new RedisStore({ client }).consume(NO_RECEIPT)).rejects.toThrow('The client is closed')
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

  it.each(cases())('is waited for, and then asked: %s', async (_, make) => {
    const { store, own } = make()
    own.answer = () => ADMITTED
    const decision = store.consume(NO_RECEIPT)
    await vi.advanceTimersByTimeAsync(99)
    expect(own.calls).toEqual([])
    own.emit('ready')
    expect(await decision).toStrictEqual(admitted())
    expect(own.calls).toHaveLength(1)
  })

  it.each(cases())('is asked nothing when it is not there in time, then or later: %s', async (_, make) => {
    const { store, own } = make()
    const all = Promise.allSettled([
      store.consume(NO_RECEIPT),
      store.peek(NO_RECEIPT),
      store.block('client', 5),
      store.reset('client'),
      store.resetAll(),
    ])
    await vi.advanceTimersByTimeAsync(100)
    expect((await all).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    own.emit('ready')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(own.calls).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is waited for by many at once without a word of leaks', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const own = new FakeNodeRedis()
    own.isReady = false
    own.answer = () => ADMITTED
    const store = new RedisStore({ client: own })
    const all = Array.from({ length: 50 }, () => store.consume(NO_RECEIPT))
    own.emit('ready')
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

  it('is given again without asking, until the last millisecond before the release', async () => {
    const store = made({ clock })
    const first = await store.consume(NO_RECEIPT)
    clock.advance(59_998)
    const last = store.consume(NO_RECEIPT)
    expect(last).toStrictEqual({
      ...first,
      retryAfterMs: 2,
      limits: [{ name: 'test', limit: 3, remaining: 0, resetMs: 2 }],
    })
    expect(redis.commands).toHaveLength(1)
    clock.advance(1)
    await store.consume(NO_RECEIPT)
    expect(redis.commands).toHaveLength(2)
  })

  it('is asked for each time without a cache', async () => {
    const store = made({ clock, refusalCache: false })
    for (const _ of [1, 2, 3]) await store.consume(NO_RECEIPT)
    expect(redis.commands).toHaveLength(3)
  })

  it('is remembered of as many clients as the option says', async () => {
    const store = made({ clock, refusalCache: 2 })
    for (const key of ['a', 'b', 'c']) await store.consume({ ...NO_RECEIPT, key })
    for (const key of ['c', 'b', 'a']) await store.consume({ ...NO_RECEIPT, key })
    expect(redis.commands.map((words) => words[3]?.slice(-1))).toEqual(['a', 'b', 'c', 'a'])
  })

  it.each<[string, (store: RedisStore) => Promise<void>]>([
    ['block', (store) => store.block('client', 5)],
    ['unblock', (store) => store.unblock('client')],
    ['reset', (store) => store.reset('client')],
  ])('is forgotten by %s, also one that was on its way', async (_, change) => {
    const store = made({ clock })
    await store.consume(NO_RECEIPT)
    const changed = change(store)
    // Asked for before the change was made, answered after it.
    const overtaken = store.consume(NO_RECEIPT)
    await Promise.all([changed, overtaken])
    expect(redis.commands).toHaveLength(3)
    await store.consume(NO_RECEIPT)
    expect(redis.commands).toHaveLength(4)
  })

  it('is forgotten by a refund, while it is under way and once it is made', async () => {
    redis.reply = () => ADMITTED
    const store = made({ clock })
    const { receipt = {} } = await store.consume(chargeOf('client'))
    redis.reply = () => REFUSED
    await store.consume(NO_RECEIPT)
    const refunded = store.refund(receipt)
    await store.consume(NO_RECEIPT)
    expect(redis.commands).toHaveLength(4)
    await refunded
    await store.consume(NO_RECEIPT)
    expect(redis.commands).toHaveLength(5)
  })

  it('is forgotten by resetAll', async () => {
    redis.reply = ([name]) => (name === 'SCAN' ? ['0', []] : REFUSED)
    const store = made({ clock })
    await store.consume(NO_RECEIPT)
    await store.resetAll()
    await store.consume(NO_RECEIPT)
    expect(redis.names).toEqual(['EVALSHA', 'SCAN', 'EVALSHA'])
  })
})

describe('a refund', () => {
  it('sends the limits, the cost and what the script had answered', async () => {
    const store = made({ clock })
    const { receipt = {} } = await store.consume(chargeOf('client', undefined, 2))
    await store.refund(receipt)
    expect(redis.commands[1]?.slice(2)).toEqual(['1', 'tollgate:v1:client', '1000', SPEC, '2', '[[7,0,0]]'])
  })

  it('is made once, and of no receipt but those of the store', async () => {
    const store = made()
    const { receipt = {} } = await store.consume(chargeOf('client'))
    for (const strange of [{}, { ...receipt }, Object.create(receipt) as object]) await store.refund(strange)
    await made().refund(receipt)
    expect(redis.commands).toHaveLength(1)
    await store.refund(receipt)
    await store.refund(receipt)
    expect(redis.commands).toHaveLength(2)
  })
})

describe('resetAll', () => {
  it('goes on until the cursor comes back to 0, and deletes what it finds', async () => {
    const pages: Record<string, unknown> = {
      0: ['17', ['tollgate:v1:a', 'tollgate:v1:b']],
      17: [Buffer.from('5'), []],
      5: ['0', [Buffer.from('tollgate:v1:c')]],
    }
    redis.reply = ([name, cursor = '']) => (name === 'SCAN' ? pages[cursor] : 1)
    await made().resetAll()
    const scan = (cursor: string): string[] => ['SCAN', cursor, 'MATCH', 'tollgate:v1:*', 'COUNT', '1000']
    expect(redis.commands).toEqual([
      scan('0'),
      ['UNLINK', 'tollgate:v1:a'],
      ['UNLINK', 'tollgate:v1:b'],
      scan('17'),
      scan('5'),
      ['UNLINK', 'tollgate:v1:c'],
    ])
  })
})

describe('a store that was closed', () => {
  const MESSAGE = 'this RedisStore was closed. Close it after the last request.'

  it('says so, whatever it is asked, and asks Redis nothing', async () => {
    const store = made()
    await store.close()
    expect(thrownBy(() => store.consume(NO_RECEIPT))).toMatchObject({ code: 'closed', message: MESSAGE })
    const asked = [
      store.peek(NO_RECEIPT),
      store.block('client', 5),
      store.unblock('client'),
      store.reset('client'),
      store.resetAll(),
    ]
    for (const promise of asked) {
      expect(await rejectionOf(promise)).toMatchObject({ code: 'closed', message: MESSAGE })
    }
    expect(redis.commands).toEqual([])
  })

  it('closes what it has opened, once, and leaves the client given open', async () => {
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
