import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { IoredisConnection, isIoredis } from '../../../../src/stores/redis/clients/ioredis.ts'
import { keySlotOf } from '../../../../src/stores/redis/clients/key-slot.ts'
import { FakeIoredis, FakeNodeRedis } from '../fake-clients.ts'

/** A connection through a fake client, and the duplicate of that client which it uses. */
function connected(given = new FakeIoredis()): { connection: IoredisConnection; own: FakeIoredis } {
  const connection = new IoredisConnection(given)
  const [own] = given.duplicates
  if (own === undefined) throw new Error('the client is duplicated')
  return { connection, own }
}

const SEND_ONCE_OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  lazyConnect: false,
  disconnectTimeout: 100,
  keyPrefix: '',
}

describe('a connection through ioredis', () => {
  it('opens a connection that keeps no command and sends no command twice', () => {
    const given = new FakeIoredis({ keyPrefix: 'app:' })
    new IoredisConnection(given)
    expect(given.calls).toEqual([
      ['duplicate', { ...SEND_ONCE_OPTIONS, retryStrategy: expect.any(Function) as unknown }],
    ])
    expect(given.listenerCount('error')).toBe(0)
  })

  it('opens a connection to a cluster that sends no command again after an error or a lost answer', () => {
    const given = new FakeIoredis({ redisOptions: { password: 'secret', enableOfflineQueue: true } })
    given.isCluster = true
    new IoredisConnection(given)
    const retryStrategy = expect.any(Function) as unknown
    expect(given.calls).toEqual([
      [
        'duplicate',
        [],
        {
          redisOptions: { password: 'secret', ...SEND_ONCE_OPTIONS, retryStrategy },
          enableOfflineQueue: false,
          enableReadyCheck: false,
          retryDelayOnFailover: 0,
          retryDelayOnClusterDown: 0,
          retryDelayOnTryAgain: 0,
          clusterRetryStrategy: retryStrategy,
          lazyConnect: false,
          keyPrefix: '',
        },
      ],
    ])
  })

  it.each([
    ['a server', false, 'retryStrategy'],
    ['a cluster', true, 'clusterRetryStrategy'],
  ])('connects again after pauses that grow to half a second: %s', (_, isCluster, option) => {
    const given = new FakeIoredis()
    given.isCluster = isCluster
    new IoredisConnection(given)
    const options = given.calls[0]?.at(-1) as Record<string, (attempts: number) => number>
    const pauses = [1, 2, 3, 4, 5, 6, 100, 100_000].map((attempts) => options[option]?.(attempts))
    expect(pauses).toEqual([50, 100, 200, 400, 500, 500, 500, 500])
  })

  it('names the last error of the connection until it is ready', async () => {
    const { connection, own } = connected()
    own.emit('ready')
    expect(() => own.emit('error', new Error('connect ECONNREFUSED 127.0.0.1:6379'))).not.toThrow()
    own.status = 'close'
    await expect(connection.ready(100)).rejects.toThrow(
      "Redis is not connected: connect ECONNREFUSED 127.0.0.1:6379 (the status of the connection is 'close')",
    )
    own.emit('ready')
    await expect(connection.ready(100)).rejects.toThrow(
      "Redis is not connected: the status of the connection is 'close'",
    )
  })

  it('runs scripts with their keys, deletes keys, and closes only its own connection', async () => {
    const given = new FakeIoredis()
    const { connection, own } = connected(given)
    own.answer = ([name]) => `answer to ${name}`
    expect(await connection.evalSha('digest', ['key', 'other'], ['a', 'b'])).toBe('answer to evalsha')
    expect(await connection.eval('source', ['key'], [])).toBe('answer to eval')
    expect(await connection.delete('key')).toBe('answer to del')
    expect(own.calls).toEqual([
      ['evalsha', 'digest', 2, 'key', 'other', 'a', 'b'],
      ['eval', 'source', 1, 'key'],
      ['del', 'key'],
    ])
    await connection.close()
    expect([own.isDisconnected, given.isDisconnected]).toEqual([true, false])
    expect(given.calls.map(([name]) => name)).toEqual(['duplicate'])
  })

  it('may put all keys into one call, and on a cluster the keys of one slot', () => {
    const slotsOf = ({ connection }: { connection: IoredisConnection }): number[] =>
      ['a', 'b', '{a}b'].map((key) => connection.slotOf(key))
    expect(slotsOf(connected())).toEqual([0, 0, 0])
    const given = new FakeIoredis()
    given.isCluster = true
    expect(slotsOf(connected(given))).toEqual(['a', 'b', 'a'].map(keySlotOf))
  })

  it('sends commands without a key to its server', async () => {
    const { connection, own } = connected()
    const primaries = await connection.primaries()
    expect(await Promise.all(primaries.map((send) => send(['SCAN', '0'])))).toEqual(['OK'])
    expect(own.calls).toEqual([['call', 'SCAN', '0']])
  })

  it('sends commands without a key to each primary of a cluster', async () => {
    const given = new FakeIoredis()
    given.isCluster = true
    const { connection, own } = connected(given)
    own.masters.push(new FakeIoredis(), new FakeIoredis())
    const primaries = await connection.primaries()
    await Promise.all(primaries.map((send) => send(['SCAN', '0'])))
    expect(own.masters.map(({ calls }) => calls)).toEqual([[['call', 'SCAN', '0']], [['call', 'SCAN', '0']]])
    expect(own.calls).toEqual([])
  })
})

describe('the readiness of a connection through ioredis', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('does not wait if it is connected', () => {
    expect(connected().connection.ready(100)).toBeUndefined()
  })

  it.each(['connecting', 'connect'])('waits while it connects: %s', async (status) => {
    const { connection, own } = connected()
    own.status = status
    const ready = connection.ready(100)
    await vi.advanceTimersByTimeAsync(99)
    own.status = 'ready'
    own.emit('ready')
    await expect(ready).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits no longer than the deadline', async () => {
    const { connection, own } = connected()
    own.status = 'connecting'
    const rejected = expect(connection.ready(100)).rejects.toThrow(
      new Error("Redis is not connected: the status of the connection is 'reconnecting'"),
    )
    own.status = 'reconnecting'
    await vi.advanceTimersByTimeAsync(100)
    await rejected
    expect(own.listenerCount('ready')).toBe(1)
  })

  it.each(['close', 'reconnecting'])(
    'waits for the first connection also after an attempt: %s',
    async (status) => {
      const { connection, own } = connected()
      own.status = status
      const ready = connection.ready(100)
      await vi.advanceTimersByTimeAsync(99)
      own.status = 'ready'
      own.emit('ready')
      await expect(ready).resolves.toBeUndefined()
    },
  )

  it.each(['wait', 'close', 'reconnecting', 'disconnecting', 'end'])(
    'does not wait if it is not connecting: %s',
    async (status) => {
      const { connection, own } = connected()
      own.emit('ready')
      own.status = status
      await expect(connection.ready(100)).rejects.toThrow(
        new Error(`Redis is not connected: the status of the connection is '${status}'`),
      )
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

describe('isIoredis', () => {
  it('checks the methods that are called, and the status', () => {
    const parts = { evalsha: async () => 'OK', duplicate: () => ({}), status: 'ready' }
    expect(isIoredis(parts)).toBe(true)
    for (const missing of Object.keys(parts))
      expect(isIoredis({ ...parts, [missing]: undefined })).toBe(false)
    expect(isIoredis(new FakeNodeRedis())).toBe(false)
  })
})
