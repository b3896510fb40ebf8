// A connection through any object that sends commands.

import { keySlotOf } from './key-slot.ts'
import type { RedisConnection, SendCommand } from './redis-connection.ts'

/** An object that sends one command, given as its words, to the server that has its key. */
export interface CommandSender {
  readonly sendCommand: (words: string[]) => Promise<unknown>
}

/** A connection through an object that sends commands. That object waits for its server itself. */
export class CommandConnection implements RedisConnection {
  readonly sendsFirstAlone = false
  readonly #send: SendCommand

  constructor(client: CommandSender) {
    this.#send = async (words) => client.sendCommand([...words])
  }

  ready(): undefined {
    return undefined
  }

  problem(): undefined {
    return undefined
  }

  /** Whether that object is connected cannot be seen. */
  onReady(): void {}

  /** Whether that object sends to a cluster cannot be seen either. */
  slotOf(key: string): number {
    return keySlotOf(key)
  }

  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send(['EVALSHA', sha, String(keys.length), ...keys, ...args])
  }

  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#send(['EVAL', source, String(keys.length), ...keys, ...args])
  }

  delete(key: string): Promise<unknown> {
    return this.#send(['DEL', key])
  }

  sendToAll(words: readonly string[]): Promise<unknown> {
    return this.#send(words)
  }

  async primaries(): Promise<readonly SendCommand[]> {
    return [this.#send]
  }

  /** The application closes its client. */
  async close(): Promise<void> {}
}
