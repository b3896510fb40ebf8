import { withDeadline } from '../../resilience/deadline.ts'

/** The client of one server, within a cluster of ioredis. */
export interface ServerClient {
  readonly status: string
  once(event: 'ready' | 'end', listener: () => void): unknown
}

/**
 * Waits for the first connection to each server of a cluster. A cluster of ioredis is ready once it knows its servers,
 * before it is connected to them, and turns commands away until it is. Of a server that it loses later it is not asked.
 */
export class FirstConnections {
  readonly #servers: () => readonly ServerClient[]
  #settled: Promise<unknown> | undefined
  #areSettled = false

  constructor(servers: () => readonly ServerClient[]) {
    this.#servers = servers
  }

  /** Undefined where there is nothing to wait for; rejects with what `notReady` says after so many milliseconds. */
  within(withinMs: number, notReady: () => Error): Promise<void> | undefined {
    if (this.#areSettled) return undefined
    this.#settled ??= this.#settle()
    return withDeadline(this.#settled, withinMs, notReady).then(() => undefined)
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#servers().map(settled))
    this.#areSettled = true
  }
}

/** Once it is connected to or given up. */
async function settled(server: ServerClient): Promise<void> {
  if (server.status === 'ready' || server.status === 'end') return
  await new Promise<void>((resolve) => {
    server.once('ready', resolve)
    server.once('end', resolve)
  })
}
