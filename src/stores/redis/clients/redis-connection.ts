/** What the store asks of a Redis client, whichever it is. */
export interface RedisConnection {
  /** Throws, or rejects, unless a command would go out now. Undefined where one would: then nothing is awaited. */
  ready(withinMs: number): Promise<void> | undefined
  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown>
  eval(source: string, key: string, args: readonly string[]): Promise<unknown>
  delete(key: string): Promise<unknown>
  /** Sends commands without a key to each server that holds keys of its own. */
  primaries(): Promise<readonly SendCommand[]>
  /** Lets go of what the store has opened itself. */
  close(): Promise<void>
}

/** Sends one command, given as its words, and answers the reply. */
export type SendCommand = (words: readonly string[]) => Promise<unknown>
