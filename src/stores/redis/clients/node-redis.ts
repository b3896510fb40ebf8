// A connection through node-redis, versions 4 to 6, to one server or with sentinels.

import { type ClientEmitter, ClientEvents } from './client-events.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** What identifies a client of node-redis, for one server, for a cluster or with sentinels. */
export interface NodeRedisLike {
  readonly isOpen?: boolean
  // Any function, because in version 4 the parameters of a cluster are several tuples.
  readonly evalSha: (...args: never) => Promise<unknown>
  readonly connect: (...args: never) => Promise<unknown>
}

/** The keys and arguments of a script. */
interface ScriptArguments {
  readonly keys: string[]
  readonly arguments: string[]
}

/** The part of a node-redis client that is used. */
interface NodeRedis extends ClientEmitter {
  readonly isOpen?: boolean
  readonly isReady?: boolean
  evalSha(sha: string, script: ScriptArguments): Promise<unknown>
  eval(source: string, script: ScriptArguments): Promise<unknown>
  del(key: string): Promise<unknown>
  sendCommand(words: readonly string[]): Promise<unknown>
  /** Only a client with sentinels has it. */
  use?<T>(work: (client: NodeRedis) => Promise<T>): Promise<T>
}

/** What is known of a client that is not connected. */
export const CONNECTING = 'the client is connecting'
export const NOT_OPEN = 'call await client.connect() before the first request'

export function isNodeRedis(client: object): client is NodeRedisLike {
  const { evalSha, connect } = client as Partial<NodeRedisLike>
  return typeof evalSha === 'function' && typeof connect === 'function'
}

/**
 * A connection through the application's client of node-redis. It sends no command twice. It would keep a
 * command until it is connected, and so the store checks first whether it is ready.
 */
export class NodeRedisConnection implements RedisConnection {
  readonly sendsFirstAlone = true
  readonly #client: NodeRedis
  readonly #events: ClientEvents
  #endOnReady: (() => void) | undefined

  constructor(client: NodeRedisLike) {
    this.#client = client as unknown as NodeRedis
    this.#events = ClientEvents.of(this.#client)
  }

  ready(deadlineMs: number): Promise<void> | undefined {
    const { isReady, isOpen } = this.#client
    if (isReady === true || (isReady === undefined && isOpen !== false)) return undefined
    if (isOpen !== true) return Promise.reject(this.#events.notConnected(NOT_OPEN))
    return this.#events.waiter.within(deadlineMs, () => this.#events.notConnected(CONNECTING))
  }

  problem(): Error | undefined {
    const { isReady, isOpen } = this.#client
    if (isReady === true || (isReady === undefined && isOpen !== false)) return undefined
    return this.#events.notConnected(isOpen === true ? CONNECTING : NOT_OPEN)
  }

  onReady(listener: () => void): void {
    this.#endOnReady = this.#events.onReady(listener)
    if (this.#client.isReady === true) listener()
  }

  /** A cluster has another client: see `node-redis-cluster.ts`. */
  slotOf(): number {
    return 0
  }

  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#client.evalSha(sha, { keys: keys as string[], arguments: args as string[] })
  }

  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#client.eval(source, { keys: keys as string[], arguments: args as string[] })
  }

  delete(key: string): Promise<unknown> {
    return this.#client.del(key)
  }

  sendToAll(words: readonly string[]): Promise<unknown> {
    return this.#send(words)
  }

  async primaries(): Promise<readonly SendCommand[]> {
    return [(words) => this.#send(words)]
  }

  /** The application closes its client. */
  async close(): Promise<void> {
    this.#endOnReady?.()
  }

  #send(words: readonly string[]): Promise<unknown> {
    const { use } = this.#client
    if (use === undefined) return this.#client.sendCommand(words)
    return use.call(this.#client, (leased) => leased.sendCommand(words)) as Promise<unknown>
  }
}
