// What the store needs of a Redis client, whatever package the client is from.

/** What the store needs of a Redis client. */
export interface RedisConnection {
  /**
   * Whether of several batches of one turn the first goes out alone: where the client writes the commands of a turn
   * together, and to one server. In a cluster the batches of a turn are for several servers.
   */
  readonly sendsFirstAlone: boolean
  /**
   * Undefined if a command would be sent now. Then the store waits for nothing. Else a promise that resolves
   * when a command would be sent, and rejects after `deadlineMs` or if the client does not connect.
   */
  ready(deadlineMs: number): Promise<void> | undefined
  /** Why no command would be sent now. Undefined if one would be sent, or if that cannot be seen. */
  problem(): Error | undefined
  /** One call has keys of one slot only. It is always the same number if all keys are on one server. */
  slotOf(key: string): number
  evalSha(sha: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  eval(source: string, keys: readonly string[], args: readonly string[]): Promise<unknown>
  /**
   * Calls `listener` each time when the client is connected, also if it is connected already. The commands that
   * the listener sends are the first. Never calls it for a client whose connection cannot be seen.
   */
  onReady(listener: () => void): void
  delete(key: string): Promise<unknown>
  /** Sends a command without a key to each server that holds keys. Rejects if one of them fails. */
  sendToAll(words: readonly string[]): Promise<unknown>
  /** For each server that holds keys, a function that sends it commands without a key. */
  primaries(): Promise<readonly SendCommand[]>
  /** Closes the connections that the store has opened itself. */
  close(): Promise<void>
}

/** Sends one command, given as its words, and returns the reply. */
export type SendCommand = (words: readonly string[]) => Promise<unknown>
