import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isNodeRedis, NodeRedisConnection } from '../../../../src/stores/redis/clients/node-redis.ts'
import { FakeIoredis, FakeNodeRedis } from '../fake-clients.ts'

function connected(): { connection: NodeRedisConnection; client: FakeNodeRedis } {
  const client = new FakeNodeRedis()
  return { connection: new NodeRedisConnection(client), client }
}

describe('a connection through node-redis', () => {
  it('runs scripts with their keys, and deletes keys', async () => {
    const { connection, client } = connected()
    client.answer = ([name]) => `answer to ${name}`
    expect(await connection.evalSha('digest', ['key', 'other'], ['a', 'b'])).toBe('answer to evalSha')
    expect(await connection.eval('source', ['key'], [])).toBe('answer to eval')
    expect(await connection.delete('key')).toBe('answer to del')
    expect(client.calls).toEqual([
      ['evalSha', 'digest', { keys: ['key', 'other'], arguments: ['a', 'b'] }],
      ['eval', 'source', { keys: ['key'], arguments: [] }],
      ['del', 'key'],
    ])
  })

  it('may put all keys into one call', () => {
    const { connection } = connected()
    expect(['a', 'b'].map(() => connection.slotOf())).toEqual([0, 0])
  })

  it('sends commands without a key to its server', async () => {
    const { connection, client } = connected()
    const primaries = await connection.primaries()
    expect(await Promise.all(primaries.map((send) => send(['SCAN', '0'])))).toEqual(['OK'])
    expect(client.calls).toEqual([['sendCommand', ['SCAN', '0']]])
  })

  it('sends commands without a key to the primary that the sentinels name', async () => {
    const leased = new FakeNodeRedis()
    const client = Object.assign(new FakeNodeRedis(), {
      use<T>(this: unknown, work: (one: FakeNodeRedis) => Promise<T>): Promise<T> {
        if (this !== client) throw new Error('it is called as a method')
        return work(leased)
      },
    })
    const primaries = await new NodeRedisConnection(client).primaries()
    expect(await Promise.all(primaries.map((send) => send(['SCAN', '0'])))).toEqual(['OK'])
    expect(leased.calls).toEqual([['sendCommand', ['SCAN', '0']]])
    expect(client.calls).toEqual([])
  })

  it('does not close the client of the application', async () => {
    const { connection, client } = connected()
    await connection.close()
    expect([client.calls, client.isOpen]).toEqual([[], true])
  })
})

describe('the readiness of a connection through node-redis', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('does not wait if the client is ready or has no isReady', () => {
    const { connection, client } = connected()
    expect(connection.ready(100)).toBeUndefined()
    client.isReady = undefined
    expect(connection.ready(100)).toBeUndefined()
  })

  it('waits while the client connects', async () => {
    const { connection, client } = connected()
    client.isReady = false
    const ready = connection.ready(100)
    await vi.advanceTimersByTimeAsync(99)
    client.emit('ready')
    await expect(ready).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits no longer than the deadline', async () => {
    const { connection, client } = connected()
    client.isReady = false
    const rejected = expect(connection.ready(100)).rejects.toThrow(
      new Error('Redis is not connected: the client is connecting'),
    )
    await vi.advanceTimersByTimeAsync(100)
    await rejected
    expect(client.listenerCount('ready')).toBe(1)
  })

  it.each([false, undefined])(
    'does not wait before connect() or after the client has ended (isReady %s)',
    async (isReady) => {
      const { connection, client } = connected()
      Object.assign(client, { isReady, isOpen: false })
      await expect(connection.ready(100)).rejects.toThrow(
        new Error('Redis is not connected: call await client.connect() before the first request'),
      )
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

describe('isNodeRedis', () => {
  it('checks the methods that are called', () => {
    const parts = { evalSha: async () => 'OK', connect: async () => undefined }
    expect(isNodeRedis(parts)).toBe(true)
    for (const missing of Object.keys(parts))
      expect(isNodeRedis({ ...parts, [missing]: undefined })).toBe(false)
    expect(isNodeRedis(new FakeIoredis())).toBe(false)
  })
})
