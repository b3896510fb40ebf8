import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** Anything that sends one command, given as its words, to where its key is. */
export interface CommandSender {
  readonly sendCommand: (words: string[]) => Promise<unknown>
}

/** A client of another kind. Whether it is ready is its own business. */
export class CommandConnection implements RedisConnection {
  readonly #send: SendCommand

  constructor(client: CommandSender) {
    this.#send = async (words) => client.sendCommand([...words])
  }

  ready(): undefined {
    return undefined
  }

  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#send(['EVALSHA', sha, '1', key, ...args])
  }

  eval(source: string, key: string, args: readonly string[]): Promise<unknown> {
    return this.#send(['EVAL', source, '1', key, ...args])
  }

  delete(key: string): Promise<unknown> {
    return this.#send(['DEL', key])
  }

  async primaries(): Promise<readonly SendCommand[]> {
    return [this.#send]
  }

  /** The client is its owner's to close. */
  async close(): Promise<void> {}
}
