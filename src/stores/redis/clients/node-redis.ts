import { Readiness, type ReadyEvents } from './readiness.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** What is recognised as a client of node-redis, single, for a cluster or with sentinels. */
export interface NodeRedisLike {
  readonly isOpen?: boolean
  // Any function: of version 4 the parameters of a cluster are several tuples.
  readonly evalSha: (...args: never) => Promise<unknown>
  readonly connect: (...args: never) => Promise<unknown>
}

/** What scripts are given. */
interface ScriptArguments {
  readonly keys: string[]
  readonly arguments: string[]
}

/** The part of node-redis that is used. */
interface NodeRedis extends ReadyEvents {
  readonly isOpen?: boolean
  readonly isReady?: boolean
  evalSha(sha: string, given: ScriptArguments): Promise<unknown>
  eval(source: string, given: ScriptArguments): Promise<unknown>
  del(key: string): Promise<unknown>
  sendCommand(words: readonly string[]): Promise<unknown>
  /** With sentinels. */
  use?<T>(work: (client: NodeRedis) => Promise<T>): Promise<T>
}

export function isNodeRedis(client: object): client is NodeRedisLike {
  const { evalSha, connect } = client as Partial<NodeRedisLike>
  return typeof evalSha === 'function' && typeof connect === 'function'
}

/** The client given: it sends nothing twice, and is asked before whether it is ready. */
export class NodeRedisConnection implements RedisConnection {
  readonly #client: NodeRedis
  readonly #readiness: Readiness

  constructor(given: NodeRedisLike) {
    this.#client = given as unknown as NodeRedis
    this.#readiness = new Readiness(this.#client)
  }

  ready(withinMs: number): Promise<void> | undefined {
    const { isReady, isOpen } = this.#client
    if (isReady === true || (isReady === undefined && isOpen !== false)) return undefined
    if (isOpen === true) {
      const notReady = (): Error => new Error('Redis is not connected: the client is connecting')
      return this.#readiness.within(withinMs, notReady)
    }
    return Promise.reject(new Error('Redis is not connected: await client.connect() has to come first'))
  }

  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.evalSha(sha, { keys: [key], arguments: args as string[] })
  }

  eval(source: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.eval(source, { keys: [key], arguments: args as string[] })
  }

  delete(key: string): Promise<unknown> {
    return this.#client.del(key)
  }

  async primaries(): Promise<readonly SendCommand[]> {
    const client = this.#client
    const { use } = client
    if (use !== undefined)
      return [(words) => use.call(client, (leased) => leased.sendCommand(words)) as Promise<unknown>]
    return [sender(client)]
  }

  /** The client is its owner's to close. */
  async close(): Promise<void> {}
}

function sender(client: NodeRedis): SendCommand {
  return (words) => client.sendCommand(words)
}
