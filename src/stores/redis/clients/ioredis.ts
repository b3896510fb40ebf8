// A connection through ioredis, versions 5 and 6.

import { type ClientEmitter, ClientEvents } from './client-events.ts'
import { keySlotOf } from './key-slot.ts'
import { ClusterReadyWaiter, type ServerClient } from './ready-waiters.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** What identifies a client of ioredis, for one server, with sentinels or for a cluster. */
export interface IoredisLike {
  readonly status: string
  readonly evalsha: (...args: never[]) => Promise<unknown>
  readonly duplicate: (...args: never[]) => unknown
}

/** The part of an ioredis client that is used. */
interface Ioredis extends ClientEmitter {
  readonly status: string
  readonly isCluster?: boolean
  readonly options: { readonly keyPrefix?: string }
  evalsha(sha: string, keys: number, ...words: readonly string[]): Promise<unknown>
  eval(source: string, keys: number, ...words: readonly string[]): Promise<unknown>
  del(key: string): Promise<unknown>
  call(...words: readonly string[]): Promise<unknown>
  nodes(role: 'master'): readonly (Ioredis & ServerClient)[]
  disconnect(): void
  duplicate(options: object): Ioredis
  duplicate(startupNodes: readonly never[], options: object): Ioredis
}

/** The longest pause before the next attempt to connect. Recovery takes that much longer. */
const LONGEST_PAUSE_MS = 500

/** How long scripts wait for the servers of a cluster. Later, a command that needs a script brings it. */
const LONGEST_WAIT_MS = 10_000

const reconnectAfter = (attempts: number): number =>
  Math.min(25 * 2 ** Math.min(attempts, 9), LONGEST_PAUSE_MS)

/**
 * Each command is sent once or never. A command that is kept until there is a server, or sent again because
 * its answer was lost, would charge a client for a request that was decided long before.
 */
const SEND_ONCE_OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  lazyConnect: false,
  retryStrategy: reconnectAfter,
  // By default a timer of two seconds, which delays the end of a process that has closed everything.
  disconnectTimeout: 100,
  // The store writes whole keys itself, because a client does not add its prefix in SCAN.
  keyPrefix: '',
}

export function isIoredis(client: object): client is IoredisLike {
  const { evalsha, duplicate, status } = client as Partial<IoredisLike>
  return typeof evalsha === 'function' && typeof duplicate === 'function' && typeof status === 'string'
}

/** A connection that the store opens itself, with the addresses and options of the application's client. */
export class IoredisConnection implements RedisConnection {
  readonly sendsFirstAlone = false
  readonly #client: Ioredis
  readonly #events: ClientEvents
  readonly #servers: ClusterReadyWaiter | undefined

  constructor(original: IoredisLike) {
    const client = original as unknown as Ioredis
    this.#client =
      client.isCluster === true
        ? client.duplicate([], {
            redisOptions: {
              ...(client.options as { redisOptions?: object }).redisOptions,
              ...SEND_ONCE_OPTIONS,
            },
            enableOfflineQueue: false,
            // The check would call a server that is not connected yet, fail, and disconnect from all servers.
            enableReadyCheck: false,
            retryDelayOnFailover: 0,
            retryDelayOnClusterDown: 0,
            // Its answer is another call for each key: see isSlotOnTheMove in error-replies.ts.
            retryDelayOnTryAgain: 0,
            clusterRetryStrategy: reconnectAfter,
            lazyConnect: false,
            keyPrefix: '',
          })
        : client.duplicate(SEND_ONCE_OPTIONS)
    // A failed command rejects by itself. Without a listener, ioredis would print every error of the
    // connection too.
    this.#client.on('error', () => undefined)
    this.#events = ClientEvents.of(this.#client)
    if (client.isCluster === true) this.#servers = new ClusterReadyWaiter(() => this.#client.nodes('master'))
  }

  /** The prefix that the application's client puts before keys. */
  static keyPrefixOf(client: IoredisLike): string {
    return (client as unknown as Ioredis).options.keyPrefix ?? ''
  }

  ready(deadlineMs: number): Promise<void> | undefined {
    const { status } = this.#client
    const notReady = (): Error => this.#notConnected()
    if (status === 'ready') return this.#servers?.within(deadlineMs, notReady)
    // It connects for the first time or again, and may be ready before the deadline.
    if (status === 'connecting' || status === 'connect') return this.#connected(deadlineMs, notReady)
    // A connection that was lost is not waited for. But Redis may start a moment after this process.
    const isFirst = !this.#events.wasReady && (status === 'reconnecting' || status === 'close')
    return isFirst ? this.#connected(deadlineMs, notReady) : Promise.reject(notReady())
  }

  problem(): Error | undefined {
    return this.#client.status === 'ready' ? undefined : this.#notConnected()
  }

  #notConnected(): Error {
    return this.#events.notConnected(describeStatus(this.#client.status))
  }

  onReady(listener: () => void): void {
    this.#events.onReady(listener)
    if (this.#client.status === 'ready') listener()
  }

  async #connected(deadlineMs: number, notReady: () => Error): Promise<void> {
    const startedAtMs = performance.now()
    await this.#events.waiter.within(deadlineMs, notReady)
    await this.#servers?.within(Math.max(0, startedAtMs + deadlineMs - performance.now()), notReady)
  }

  slotOf(key: string): number {
    return this.#client.isCluster === true ? keySlotOf(key) : 0
  }

  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#client.evalsha(sha, keys.length, ...keys, ...args)
  }

  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#client.eval(source, keys.length, ...keys, ...args)
  }

  delete(key: string): Promise<unknown> {
    return this.#client.del(key)
  }

  async sendToAll(words: readonly string[]): Promise<unknown> {
    if (this.#client.isCluster !== true) return this.#client.call(...words)
    await this.#servers?.within(LONGEST_WAIT_MS, () => new Error('a server of the cluster is connecting'))
    return Promise.all((await this.primaries()).map((send) => send(words)))
  }

  async primaries(): Promise<readonly SendCommand[]> {
    const clients = this.#client.isCluster === true ? this.#client.nodes('master') : [this.#client]
    return clients.map((client) => (words) => client.call(...words))
  }

  async close(): Promise<void> {
    this.#client.disconnect()
  }
}

function describeStatus(status: string): string {
  const known = `the status of the connection is '${status}'`
  // Nothing answers if one side expects TLS and the other does not.
  return status === 'connecting' || status === 'connect'
    ? `${known}: check host and port, and whether the server expects TLS`
    : known
}
