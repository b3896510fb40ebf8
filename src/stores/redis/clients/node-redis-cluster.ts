// A connection through node-redis, versions 4 to 6, to a cluster.

import { type ClientEmitter, ClientEvents } from './client-events.ts'
import { keySlotOf } from './key-slot.ts'
import { NOT_OPEN } from './node-redis.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** The client of one server. In version 4 it is a promise while it connects. */
type NodeClient = Partial<{
  readonly isReady: boolean
  sendCommand(words: readonly string[]): Promise<unknown>
}>

/** A server of the cluster. */
interface ClusterNode {
  readonly client?: NodeClient | undefined
}

/** The part of a cluster client of node-redis that is used. */
interface NodeRedisCluster extends ClientEmitter {
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
 * A connection through the application's cluster client of node-redis. That client has a queue for each
 * server and keeps commands there until it can send them. So the store checks first whether the server of a
 * key is ready. Commands are sent as words: `evalSha` of version 4 ignores the key and calls any server.
 */
export class NodeRedisClusterConnection implements RedisConnection {
  readonly sendsFirstAlone = false
  readonly #cluster: NodeRedisCluster
  readonly #events: ClientEvents
  #endOnReady: (() => void) | undefined

  constructor(client: object) {
    this.#cluster = client as NodeRedisCluster
    this.#events = ClientEvents.of(this.#cluster)
  }

  ready(): Promise<void> | undefined {
    const problem = this.problem()
    return problem === undefined ? undefined : Promise.reject(problem)
  }

  problem(): Error | undefined {
    return this.#cluster.isOpen === false ? this.#events.notConnected(NOT_OPEN) : undefined
  }

  onReady(listener: () => void): void {
    // Only newer versions emit `ready`. The others receive a script when a command first needs it.
    this.#endOnReady = this.#events.onReady(listener)
    if (this.#cluster.isOpen === true && this.#cluster.masters.length > 0) listener()
  }

  slotOf(key: string): number {
    return keySlotOf(key)
  }

  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send(keys, ['EVALSHA', sha, String(keys.length), ...keys, ...args])
  }

  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send(keys, ['EVAL', source, String(keys.length), ...keys, ...args])
  }

  delete(key: string): Promise<unknown> {
    return this.#send([key], ['DEL', key])
  }

  async sendToAll(words: readonly string[]): Promise<unknown> {
    return Promise.all((await this.primaries()).map((send) => send(words)))
  }

  async primaries(): Promise<readonly SendCommand[]> {
    return this.#cluster.masters.map((node) => {
      this.#checkReady(node)
      return async (words) => node.client?.sendCommand?.(words)
    })
  }

  /** The application closes its client. */
  async close(): Promise<void> {
    this.#endOnReady?.()
  }

  /** All keys are in one slot. */
  async #send([key = '']: readonly string[], words: readonly string[]): Promise<unknown> {
    this.#checkReady(this.#cluster.slots[keySlotOf(key)]?.master)
    return this.#cluster.sendCommand(key, false, words)
  }

  #checkReady(node: ClusterNode | undefined): void {
    if (node?.client?.isReady === true) return
    // With `minimizeConnections` the cluster connects to a server when a command first needs it.
    if (node !== undefined && node.client === undefined) void this.#connect(node)
    throw this.#events.notConnected('a server of the cluster is connecting')
  }

  async #connect(node: ClusterNode): Promise<void> {
    try {
      await this.#cluster.nodeClient(node)
    } catch {
      // The next command for this server fails, and its error is reported.
    }
  }
}
