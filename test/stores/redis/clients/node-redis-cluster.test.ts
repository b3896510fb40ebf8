import { describe, expect, it } from 'vitest'
import { connectionOf } from '../../../../src/stores/redis/clients/detect-client.ts'
import { keySlotOf } from '../../../../src/stores/redis/clients/key-slot.ts'
import { NodeRedisConnection } from '../../../../src/stores/redis/clients/node-redis.ts'
import {
  isNodeRedisCluster,
  NodeRedisClusterConnection,
} from '../../../../src/stores/redis/clients/node-redis-cluster.ts'
import { FakeNodeRedis } from '../fake-clients.ts'

const CONNECTING = new Error('Redis is not connected: a server of the cluster is connecting')

class FakeNode {
  client: { isReady?: boolean; sendCommand(words: readonly string[]): Promise<unknown> } | undefined
  readonly sent: (readonly string[])[] = []

  constructor(isReady = true) {
    this.client = {
      isReady,
      sendCommand: async (words) => {
        this.sent.push(words)
        return 'OK'
      },
    }
  }
}

/** A cluster of two servers: one for the lower half of the slots, the other for the rest. */
class FakeCluster extends FakeNodeRedis {
  readonly masters = [new FakeNode(), new FakeNode()]
  readonly slots = Array.from({ length: 16_384 }, (_, slot) => ({
    master: this.nodeAt(slot < 8192 ? 0 : 1),
  }))
  readonly connected: FakeNode[] = []

  nodeAt(index: number): FakeNode {
    const node = this.masters[index]
    if (node === undefined) throw new Error(`no node ${index}`)
    return node
  }

  override sendCommand(...given: readonly unknown[]): Promise<unknown> {
    return this.called('sendCommand', ...given)
  }

  async nodeClient(node: FakeNode): Promise<unknown> {
    this.connected.push(node)
    throw new Error('connect ECONNREFUSED')
  }
}

/** A key of the first server and one of the second. */
const LOWER = ['a', 'b', 'c', 'd', 'e', 'f'].find((key) => keySlotOf(key) < 8192) ?? ''
const UPPER = ['a', 'b', 'c', 'd', 'e', 'f'].find((key) => keySlotOf(key) >= 8192) ?? ''

describe('NodeRedisClusterConnection', () => {
  it('is used for a cluster client, and not for a client of one server', () => {
    expect(isNodeRedisCluster(new FakeCluster())).toBe(true)
    expect(isNodeRedisCluster(new FakeNodeRedis())).toBe(false)
    expect(connectionOf(new FakeCluster())).toBeInstanceOf(NodeRedisClusterConnection)
    expect(connectionOf(new FakeNodeRedis())).toBeInstanceOf(NodeRedisConnection)
  })

  it('sends commands as words, and passes the key for the choice of the server', async () => {
    const cluster = new FakeCluster()
    const connection = new NodeRedisClusterConnection(cluster)
    await connection.evalSha('digest', [LOWER, `{${LOWER}}`], ['x'])
    await connection.eval('source', [UPPER], [])
    await connection.delete(LOWER)
    expect(cluster.calls).toEqual([
      ['sendCommand', LOWER, false, ['EVALSHA', 'digest', '2', LOWER, `{${LOWER}}`, 'x']],
      ['sendCommand', UPPER, false, ['EVAL', 'source', '1', UPPER]],
      ['sendCommand', LOWER, false, ['DEL', LOWER]],
    ])
    await connection.close()
  })

  it('sends nothing to a server that is not connected, and sends the rest', async () => {
    const cluster = new FakeCluster()
    cluster.nodeAt(0).client = new FakeNode(false).client
    const connection = new NodeRedisClusterConnection(cluster)
    await expect(connection.evalSha('digest', [LOWER], [])).rejects.toThrow(CONNECTING)
    await expect(connection.delete(LOWER)).rejects.toThrow(CONNECTING)
    await connection.evalSha('digest', [UPPER], [])
    expect(cluster.calls).toEqual([['sendCommand', UPPER, false, ['EVALSHA', 'digest', '1', UPPER]]])
    expect(cluster.connected).toEqual([])
  })

  it('starts the connection to a server that no command has needed before', async () => {
    const cluster = new FakeCluster()
    cluster.nodeAt(1).client = undefined
    const connection = new NodeRedisClusterConnection(cluster)
    await expect(connection.eval('source', [UPPER], [])).rejects.toThrow(CONNECTING)
    expect(cluster.connected).toEqual([cluster.nodeAt(1)])
  })

  it('does not wait: it is ready, or rejects with what to do first', async () => {
    const cluster = new FakeCluster()
    const connection = new NodeRedisClusterConnection(cluster)
    expect(connection.ready()).toBeUndefined()
    cluster.slots.length = 0
    await expect(connection.evalSha('digest', [LOWER], [])).rejects.toThrow(CONNECTING)
    cluster.isOpen = false
    await expect(connection.ready()).rejects.toThrow(
      new Error('Redis is not connected: call await client.connect() before the first request'),
    )
  })

  it('sends commands without a key to each server, or to none if one is not connected', async () => {
    const cluster = new FakeCluster()
    const connection = new NodeRedisClusterConnection(cluster)
    const senders = await connection.primaries()
    await Promise.all(senders.map((send, index) => send(['SCAN', String(index)])))
    expect(cluster.masters.map(({ sent }) => sent)).toEqual([[['SCAN', '0']], [['SCAN', '1']]])
    cluster.nodeAt(1).client = new FakeNode(false).client
    await expect(connection.primaries()).rejects.toThrow(CONNECTING)
  })
})
