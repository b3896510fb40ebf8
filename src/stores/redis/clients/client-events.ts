// What the events of a client say about its connection.

import { errorMonitor } from 'node:events'
import { type ReadyEvents, ReadyWaiter } from './ready-waiters.ts'

/** The part of an event emitter that is used. */
export interface ClientEmitter extends ReadyEvents {
  on(event: string | symbol, listener: (...args: never[]) => void): unknown
}

/**
 * Errors of single servers. Clients of a cluster and of sentinels emit them beside `error`: ioredis `node
 * error`, node-redis `node-error` and `client-error`.
 */
const SERVER_ERROR_EVENTS = ['node error', 'node-error', 'client-error']

/** Several stores may share a client, and Node warns of a memory leak if there are more than ten listeners. */
const eventsOfClients = new WeakMap<object, ClientEvents>()

/** The last error of a client, and its event `ready`. One for each client. */
export class ClientEvents {
  readonly waiter: ReadyWaiter
  readonly #readyListeners = new Set<() => void>()
  #lastError: unknown
  /** Whether the client was ready since the first store used it. */
  wasReady = false

  private constructor(client: ClientEmitter) {
    this.waiter = new ReadyWaiter(client)
    client.on('ready', () => {
      this.wasReady = true
      this.#lastError = undefined
      for (const listener of this.#readyListeners) listener()
    })
    const keep = (error: unknown): void => {
      this.#lastError = (error as { error?: unknown } | undefined)?.error ?? error
    }
    // A listener for `error` itself would hide the errors that the application does not handle.
    for (const event of [errorMonitor, ...SERVER_ERROR_EVENTS]) client.on(event, keep)
  }

  static of(client: ClientEmitter): ClientEvents {
    let events = eventsOfClients.get(client)
    if (events === undefined) {
      events = new ClientEvents(client)
      eventsOfClients.set(client, events)
    }
    return events
  }

  /** Calls `listener` each time when the client is ready. Returns a function that ends that. */
  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener)
    return () => this.#readyListeners.delete(listener)
  }

  /**
   * The error of a client that is not connected.
   *
   * @param state what is known besides the last error
   */
  notConnected(state: string): Error {
    const lastError = this.#lastError
    if (lastError === undefined) return new Error(`Redis is not connected: ${state}`)
    return new Error(`Redis is not connected: ${reasonOf(lastError)} (${state})`, { cause: lastError })
  }
}

/**
 * The text of an error of a connection. Some have no message of their own: that of a host with several
 * addresses, and that of a cluster whose servers all failed.
 */
export function reasonOf(error: unknown): string {
  const { message, code, errors, lastNodeError } = Object(error) as Partial<{
    readonly message: unknown
    readonly code: unknown
    readonly errors: unknown
    readonly lastNodeError: unknown
  }>
  if (lastNodeError instanceof Error && lastNodeError !== error) return reasonOf(lastNodeError)
  if (typeof message === 'string' && message !== '') return message
  if (Array.isArray(errors) && errors.length > 0) return [...new Set(errors.map(reasonOf))].join(', ')
  return typeof code === 'string' ? code : String(error)
}
