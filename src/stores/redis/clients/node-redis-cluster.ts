import { keySlotOf } from './key-slot.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** The client of one server: a promise of it while version 4 connects, absent before anything connects. */
type NodeClient = Partial<{
  readonly isReady: boolean
  sendCommand(words: readonly string[]): Promise<unknown>
}>

/** A server of the cluster. */
interface ClusterNode {
  readonly client?: NodeClient | undefined
}

/** The part of a cluster of node-redis that is used. */
interface NodeRedisCluster {
  readonly isOpen?: boolean
  readonly slots: readonly ({ readonly master: ClusterNode } | undefined)[]
  readonly masters: readonly ClusterNode[]
  nodeClient(node: ClusterNode): unknown
  sendCommand(firstKey: string, isReadonly: boolean, words: readonly string[]): Promise<unknown>
}

export function isNodeRedisCluster(client: object): boolean {
  const { slots, masters, nodeClient } = client as Partial<NodeRedisCluster>
  return Array.isArray(slots) && Array.isArray(masters) && typeof nodeClient === 'function'
}

/**
 * The cluster given. It has a queue for each server, and keeps there what it cannot send yet: so the server of a key is
 * asked before whether it is ready. Of `evalSha` version 4 does not see the key, and asks any server; commands as words
 * go to the right one in every version.
 */
export class NodeRedisClusterConnection implements RedisConnection {
  readonly #cluster: NodeRedisCluster

  constructor(given: object) {
    this.#cluster = given as NodeRedisCluster
  }

  ready(): Promise<void> | undefined {
    if (this.#cluster.isOpen !== false) return undefined
    return Promise.reject(new Error('Redis is not connected: await client.connect() has to come first'))
  }

  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#send(key, ['EVALSHA', sha, '1', key, ...args])
  }

  eval(source: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#send(key, ['EVAL', source, '1', key, ...args])
  }

  delete(key: string): Promise<unknown> {
    return this.#send(key, ['DEL', key])
  }

  async primaries(): Promise<readonly SendCommand[]> {
    return this.#cluster.masters.map((node) => {
      this.#checkReady(node)
      return async (words) => node.client?.sendCommand?.(words)
    })
  }

  /** The client is its owner's to close. */
  async close(): Promise<void> {}

  async #send(key: string, words: readonly string[]): Promise<unknown> {
    this.#checkReady(this.#cluster.slots[keySlotOf(key)]?.master)
    return this.#cluster.sendCommand(key, false, words)
  }

  #checkReady(node: ClusterNode | undefined): void {
    if (node?.client?.isReady === true) return
    // With minimizeConnections a server is connected to when it is first asked for.
    if (node !== undefined && node.client === undefined) void this.#connect(node)
    throw new Error('Redis is not connected: a server of the cluster is connecting')
  }

  async #connect(node: ClusterNode): Promise<void> {
    try {
      await this.#cluster.nodeClient(node)
    } catch {
      // The next command that needs it will tell.
    }
  }
}
