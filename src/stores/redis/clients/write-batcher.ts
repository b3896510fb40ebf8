// Joins commands of ioredis, so that they take fewer writes to the socket.

import type { Writable } from 'node:stream'

/**
 * How many commands go out in one write. With fewer, there is a system call for each command here, one in the
 * server, and one for each answer. With more, the server waits until this process has written all of them,
 * and then this process waits for the server.
 */
const COMMANDS_PER_WRITE = 8

/** Puts the commands of one turn of the event loop into few writes to the socket. */
export class WriteBatcher {
  #stream: Writable | undefined
  #commands = 0

  /**
   * Has to be called before each command. The stream writes the commands when the code that runs now has
   * ended.
   */
  beforeCommand(stream: Writable): void {
    if (this.#stream !== stream) {
      this.#stream = stream
      this.#commands = 1
      stream.cork()
      process.nextTick(() => this.#end(stream))
    } else if (this.#commands === COMMANDS_PER_WRITE) {
      this.#commands = 1
      stream.uncork()
      stream.cork()
    } else this.#commands++
  }

  #end(stream: Writable): void {
    if (this.#stream === stream) this.#stream = undefined
    stream.uncork()
  }
}
