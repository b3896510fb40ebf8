import type { Readable } from 'node:stream'

/** The streams of a command: those of the process, or those of a test. */
export interface Terminal {
  readonly input: Readable
  /** Takes the results. */
  readonly output: { write(text: string): unknown }
  /** Takes the error messages and the progress. */
  readonly messages: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** The exit codes of the program. */
export const EXIT_CODES: {
  readonly success: 0
  /** An audit found a route that is not proven to be limited. */
  readonly unlimitedRoute: 1
  /** The program was used wrongly, or could not do its work. */
  readonly error: 2
} = { success: 0, unlimitedRoute: 1, error: 2 }
