// Waits until a client is connected.

import { Deadline, withDeadline } from '../../resilience/deadline.ts'

/** The part of an event emitter that waiting needs. */
export interface ReadyEvents {
  once(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/**
 * Waits until a client is connected. All callers share one listener, because Node warns of a memory leak if
 * an emitter has more than ten.
 */
export class ReadyWaiter {
  readonly #client: ReadyEvents
  readonly #callbacks = new Set<() => void>()

  constructor(client: ReadyEvents) {
    this.#client = client
  }

  /** Resolves with the event `ready`, or rejects with `notReady()` after `deadlineMs`. */
  within(deadlineMs: number, notReady: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const callback = (): void => {
        deadline.cancel()
        resolve()
      }
      const deadline = new Deadline(deadlineMs, () => {
        this.#callbacks.delete(callback)
        if (this.#callbacks.size === 0) this.#client.off('ready', this.#onReady)
        reject(notReady())
      })
      if (this.#callbacks.size === 0) this.#client.once('ready', this.#onReady)
      this.#callbacks.add(callback)
    })
  }

  readonly #onReady = (): void => {
    const callbacks = [...this.#callbacks]
    this.#callbacks.clear()
    for (const callback of callbacks) callback()
  }
}

/** The client of one server, within a cluster of ioredis. */
export interface ServerClient {
  readonly status: string
  once(event: 'ready' | 'end', listener: () => void): unknown
}

/**
 * Waits for the first connection to each server of a cluster. A cluster client of ioredis is ready as soon as
 * it knows its servers. Until it is connected to a server, it rejects commands for that server. A server
 * whose connection is lost later is not waited for.
 */
export class ClusterReadyWaiter {
  readonly #servers: () => readonly ServerClient[]
  #settled: Promise<unknown> | undefined
  #isSettled = false

  constructor(servers: () => readonly ServerClient[]) {
    this.#servers = servers
  }

  /** Undefined if there is nothing to wait for. The promise rejects with `notReady()` after `deadlineMs`. */
  within(deadlineMs: number, notReady: () => Error): Promise<void> | undefined {
    if (this.#isSettled) return undefined
    this.#settled ??= this.#settle()
    return withDeadline(this.#settled, deadlineMs, notReady).then(() => undefined)
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#servers().map(connectedOrEnded))
    this.#isSettled = true
  }
}

async function connectedOrEnded(server: ServerClient): Promise<void> {
  if (server.status === 'ready' || server.status === 'end') return
  await new Promise<void>((resolve) => {
    server.once('ready', resolve)
    server.once('end', resolve)
  })
}
