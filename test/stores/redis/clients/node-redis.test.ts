import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isNodeRedis, NodeRedisConnection } from '../../../../src/stores/redis/clients/node-redis.ts'
import { FakeIoredis, FakeNodeRedis } from '../fake-clients.ts'

function connected(): { connection: NodeRedisConnection; client: FakeNodeRedis } {
  const client = new FakeNodeRedis()
  return { connection: new NodeRedisConnection(client), client }
}

describe('a connection through node-redis', () => {
  it('sends scripts with one key, and deletes', async () => {
    const { connection, client } = connected()
    client.answer = ([name]) => `answer to ${name}`
    expect(await connection.evalSha('digest', 'key', ['a', 'b'])).toBe('answer to evalSha')
    expect(await connection.eval('source', 'key', [])).toBe('answer to eval')
    expect(await connection.delete('key')).toBe('answer to del')
    expect(client.calls).toEqual([
      ['evalSha', 'digest', { keys: ['key'], arguments: ['a', 'b'] }],
      ['eval', 'source', { keys: ['key'], arguments: [] }],
      ['del', 'key'],
    ])
  })

  it('sends commands without a key to its server', async () => {
    const { connection, client } = connected()
    const primaries = await connection.primaries()
    expect(await Promise.all(primaries.map((send) => send(['SCAN', '0'])))).toEqual(['OK'])
    expect(client.calls).toEqual([['sendCommand', ['SCAN', '0']]])
  })

  it('sends commands without a key to the primary that sentinels know', async () => {
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

  it("leaves the client open: it is its owner's", async () => {
    const { connection, client } = connected()
    await connection.close()
    expect([client.calls, client.isOpen]).toEqual([[], true])
  })
})

describe('a connection through node-redis that is not ready', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('waits for nothing once it is, nor where a client does not say', () => {
    const { connection, client } = connected()
    expect(connection.ready(100)).toBeUndefined()
    client.isReady = undefined
    expect(connection.ready(100)).toBeUndefined()
  })

  it('is waited for while it connects', async () => {
    const { connection, client } = connected()
    client.isReady = false
    const ready = connection.ready(100)
    await vi.advanceTimersByTimeAsync(99)
    client.emit('ready')
    await expect(ready).resolves.toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is waited for no longer than a command has time', async () => {
    const { connection, client } = connected()
    client.isReady = false
    const rejected = expect(connection.ready(100)).rejects.toThrow(
      new Error('Redis is not connected: the client is connecting'),
    )
    await vi.advanceTimersByTimeAsync(100)
    await rejected
    expect(client.listenerCount('ready')).toBe(0)
  })

  it.each([false, undefined])(
    'is not waited for before connect() or after its end (isReady %s)',
    async (isReady) => {
      const { connection, client } = connected()
      Object.assign(client, { isReady, isOpen: false })
      await expect(connection.ready(100)).rejects.toThrow(
        new Error('Redis is not connected: await client.connect() has to come first'),
      )
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

describe('isNodeRedis', () => {
  it('asks for what is called', () => {
    const parts = { evalSha: async () => 'OK', connect: async () => undefined }
    expect(isNodeRedis(parts)).toBe(true)
    for (const missing of Object.keys(parts))
      expect(isNodeRedis({ ...parts, [missing]: undefined })).toBe(false)
    expect(isNodeRedis(new FakeIoredis())).toBe(false)
  })
})
