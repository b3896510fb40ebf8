/** What became of one client's requests. */
export interface ClientTally {
  readonly address: string
  readonly sent: number
  readonly refused: number
}

/** A line that could not be played. */
export interface MalformedLine {
  readonly lineNumber: number
  readonly reason: string
}

/** What a replay has come to. */
export interface Tally {
  readonly lines: number
  readonly malformed: number
  /** The first of them, by name. */
  readonly malformedLines: readonly MalformedLine[]
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>
  readonly answered: number
  readonly refused: number
  readonly clients: number
  /** Those that were refused, the most often refused first. */
  readonly refusedClients: readonly ClientTally[]
  /** Requests without an answer. */
  readonly failed: number
  /** Why, of the first of them. */
  readonly failures: readonly string[]
}

const REFUSED = 429
/** As many malformed lines and failures are kept by name; the rest is counted. */
const MOST_NAMED = 20

/** Counts a replay. Keeps one entry a client, so its memory grows with the clients of the log, not its lines. */
export class TallyKeeper {
  readonly #clients = new Map<string, { sent: number; refused: number }>()
  readonly #statuses = new Map<number, number>()
  readonly #malformedLines: MalformedLine[] = []
  readonly #failures: string[] = []
  #lines = 0
  #malformed = 0
  #answered = 0
  #refused = 0
  #failed = 0

  /** Line numbers count from 1. */
  get lines(): number {
    return this.#lines
  }

  get refused(): number {
    return this.#refused
  }

  countLine(): void {
    this.#lines += 1
  }

  /** The line counted last was malformed. */
  countMalformed(reason: string): void {
    this.#malformed += 1
    if (this.#malformedLines.length < MOST_NAMED)
      this.#malformedLines.push({ lineNumber: this.#lines, reason })
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
    if (this.#failures.length < MOST_NAMED) this.#failures.push(reason)
  }

  /** How it stands now. */
  tally(): Tally {
    const refusedClients = [...this.#clients]
      .filter(([, { refused }]) => refused > 0)
      .map(([address, counts]) => ({ address, ...counts }))
      .sort((one, other) => other.refused - one.refused || (one.address < other.address ? -1 : 1))
    return {
      lines: this.#lines,
      malformed: this.#malformed,
      malformedLines: [...this.#malformedLines],
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
