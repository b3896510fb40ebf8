import type { Writable } from 'node:stream'

/**
 * Commands that go out together. Fewer, and there is a system call for each: here, in the server, and again for the
 * answers. More, and the server waits until this process is done with all of them, and then this process for it.
 */
const MOST_TOGETHER = 8

/** Lets the commands of one turn of the event loop share their writes to the socket. */
export class GatheredWrites {
  #gathering: Writable | undefined
  #together = 0

  /** To be called before each command. What is held back is written when the code that runs now has ended. */
  next(stream: Writable): void {
    if (this.#gathering !== stream) {
      this.#gathering = stream
      this.#together = 1
      stream.cork()
      process.nextTick(() => this.#end(stream))
    } else if (this.#together === MOST_TOGETHER) {
      this.#together = 1
      stream.uncork()
      stream.cork()
    } else this.#together++
  }

  #end(stream: Writable): void {
    if (this.#gathering === stream) this.#gathering = undefined
    stream.uncork()
  }
}
