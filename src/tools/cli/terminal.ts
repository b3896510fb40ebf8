import type { Readable } from 'node:stream'

/** What a command reads and writes: the process's own streams, or a test's. */
export interface Terminal {
  readonly input: Readable
  /** Results go here. */
  readonly output: {
    /** False when it would rather be written to again after `drain`. */
    write(text: string): unknown
    once?(event: 'drain', listener: () => void): unknown
  }
  /** Messages and progress go here. */
  readonly messages: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** How a command ended, as its exit code says. */
export const EXIT: { readonly fine: 0; readonly found: 1; readonly misused: 2 } = {
  fine: 0,
  found: 1,
  misused: 2,
}
