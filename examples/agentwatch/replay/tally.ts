/** The counts of one client. */
export interface ClientTally {
  readonly address: string
  readonly sent: number
  readonly refused: number
}

/** A line without a readable request. */
export interface UnreadableLine {
  readonly lineNumber: number
  readonly reason: string
}

/** The counts of a replay. */
export interface Tally {
  readonly lines: number
  readonly unreadable: number
  /** The first of the unreadable lines. */
  readonly unreadableLines: readonly UnreadableLine[]
  /** Number of answers by status. */
  readonly statuses: ReadonlyMap<number, number>
  readonly answered: number
  readonly refused: number
  readonly clients: number
  /** Clients with refused requests, the client with the most of them first. */
  readonly refusedClients: readonly ClientTally[]
  /** Number of requests without an answer. */
  readonly failed: number
  /** The reasons of the first of them. */
  readonly failures: readonly string[]
}

const REFUSED = 429
/** So many unreadable lines and failures are stored; the others are only counted. */
const MAX_STORED = 20

/**
 * Counts a replay. It stores one entry for each client, so its memory does not grow with the number of lines.
 */
export class TallyKeeper {
  readonly #clients = new Map<string, { sent: number; refused: number }>()
  readonly #statuses = new Map<number, number>()
  readonly #unreadableLines: UnreadableLine[] = []
  readonly #failures: string[] = []
  #lines = 0
  #unreadable = 0
  #answered = 0
  #refused = 0
  #failed = 0

  /** Number of lines so far, which is the number of the current line. */
  get lines(): number {
    return this.#lines
  }

  get refused(): number {
    return this.#refused
  }

  countLine(): void {
    this.#lines += 1
  }

  /** Call it for the line that was counted last. */
  countUnreadableLine(reason: string): void {
    this.#unreadable += 1
    if (this.#unreadableLines.length < MAX_STORED)
      this.#unreadableLines.push({ lineNumber: this.#lines, reason })
  }

  countAnswer(address: string, status: number): void {
    const client = this.#clients.get(address) ?? { sent: 0, refused: 0 }
    this.#clients.set(address, client)
    client.sent += 1
    this.#answered += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (status !== REFUSED) return
    client.refused += 1
    this.#refused += 1
  }

  countFailure(reason: string): void {
    this.#failed += 1
    if (this.#failures.length < MAX_STORED) this.#failures.push(reason)
  }

  /** The counts so far. */
  tally(): Tally {
    const refusedClients = [...this.#clients]
      .filter(([, { refused }]) => refused > 0)
      .map(([address, counts]) => ({ address, ...counts }))
      .sort((one, other) => other.refused - one.refused || (one.address < other.address ? -1 : 1))
    return {
      lines: this.#lines,
      unreadable: this.#unreadable,
      unreadableLines: [...this.#unreadableLines],
      statuses: new Map([...this.#statuses].sort(([one], [other]) => one - other)),
      answered: this.#answered,
      refused: this.#refused,
      clients: this.#clients.size,
      refusedClients,
      failed: this.#failed,
      failures: [...this.#failures],
    }
  }
}
