import type { Writable } from 'node:stream'
import { FirstConnections, type ServerClient } from './first-connections.ts'
import { GatheredWrites } from './gathered-writes.ts'
import { Readiness, type ReadyEvents } from './readiness.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** What is recognised as a client of ioredis, single, with sentinels or for a cluster. */
export interface IoredisLike {
  readonly status: string
  readonly evalsha: (...args: never[]) => Promise<unknown>
  readonly duplicate: (...args: never[]) => unknown
}

/** The part of ioredis that is used. */
interface Ioredis extends ReadyEvents {
  readonly status: string
  readonly isCluster?: boolean
  /** To the server; a cluster has several, and shows none. */
  readonly stream?: Writable | null
  readonly options: { readonly keyPrefix?: string }
  evalsha(sha: string, keys: number, ...words: readonly string[]): Promise<unknown>
  eval(source: string, keys: number, ...words: readonly string[]): Promise<unknown>
  del(key: string): Promise<unknown>
  call(...words: readonly string[]): Promise<unknown>
  nodes(role: 'master'): readonly (Ioredis & ServerClient)[]
  on(event: 'error', listener: (error: Error) => void): unknown
  disconnect(): void
  duplicate(options: object): Ioredis
  duplicate(startupNodes: readonly never[], options: object): Ioredis
}

/** The longest pause before a connection is tried again: it is part of the time that recovery takes. */
const LONGEST_PAUSE_MS = 500

const reconnectAfter = (attempts: number): number =>
  Math.min(25 * 2 ** Math.min(attempts, 9), LONGEST_PAUSE_MS)

/**
 * What a connection for counting must not do: keep commands until there is a server, and send those again whose
 * answer was lost. Either would charge clients for requests that were decided long ago.
 */
const SENT_ONCE = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  lazyConnect: false,
  retryStrategy: reconnectAfter,
  // A timer of two seconds by default, which keeps a process that has closed everything from ending.
  disconnectTimeout: 100,
  // The store writes whole keys itself, also where a client would not (in SCAN).
  keyPrefix: '',
}

export function isIoredis(client: object): client is IoredisLike {
  const { evalsha, duplicate, status } = client as Partial<IoredisLike>
  return typeof evalsha === 'function' && typeof duplicate === 'function' && typeof status === 'string'
}

/** A connection of the store's own, to where the client given is connected. */
export class IoredisConnection implements RedisConnection {
  readonly #client: Ioredis
  readonly #readiness: Readiness
  readonly #servers: FirstConnections | undefined
  readonly #writes = new GatheredWrites()

  constructor(given: IoredisLike) {
    const client = given as unknown as Ioredis
    this.#client =
      client.isCluster === true
        ? client.duplicate([], {
            redisOptions: { ...(client.options as { redisOptions?: object }).redisOptions, ...SENT_ONCE },
            enableOfflineQueue: false,
            // It would ask a server that is not connected yet, and so give all of them up to begin again.
            enableReadyCheck: false,
            retryDelayOnFailover: 0,
            retryDelayOnClusterDown: 0,
            clusterRetryStrategy: reconnectAfter,
            lazyConnect: false,
            keyPrefix: '',
          })
        : client.duplicate(SENT_ONCE)
    // Each command says by itself that it failed; without a listener every error would be printed as well.
    this.#client.on('error', () => undefined)
    this.#readiness = new Readiness(this.#client)
    if (client.isCluster === true) this.#servers = new FirstConnections(() => this.#client.nodes('master'))
  }

  /** The prefix that the client given puts before keys. */
  static keyPrefixOf(given: IoredisLike): string {
    return (given as unknown as Ioredis).options.keyPrefix ?? ''
  }

  ready(withinMs: number): Promise<void> | undefined {
    const { status } = this.#client
    const notReady = (): Error =>
      new Error(`Redis is not connected: the connection is '${this.#client.status}'`)
    if (status === 'ready') return this.#servers?.within(withinMs, notReady)
    // On its way, at the start or again: it may be there in time.
    if (status === 'connecting' || status === 'connect') return this.#connected(withinMs, notReady)
    return Promise.reject(notReady())
  }

  async #connected(withinMs: number, notReady: () => Error): Promise<void> {
    const beganAtMs = performance.now()
    await this.#readiness.within(withinMs, notReady)
    await this.#servers?.within(Math.max(0, beganAtMs + withinMs - performance.now()), notReady)
  }

  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    const { stream } = this.#client
    if (stream != null) this.#writes.next(stream)
    return this.#client.evalsha(sha, 1, key, ...args)
  }

  eval(source: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.eval(source, 1, key, ...args)
  }

  delete(key: string): Promise<unknown> {
    return this.#client.del(key)
  }

  async primaries(): Promise<readonly SendCommand[]> {
    const clients = this.#client.isCluster === true ? this.#client.nodes('master') : [this.#client]
    return clients.map((client) => (words) => client.call(...words))
  }

  async close(): Promise<void> {
    this.#client.disconnect()
  }
}
