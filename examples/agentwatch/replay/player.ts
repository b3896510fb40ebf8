import type { LoggedLine, LoggedRequest } from './logged-request.ts'
import type { Pace } from './pace.ts'
import type { Sender } from './sender.ts'
import type { TallyKeeper } from './tally.ts'

/** What a replay needs. */
export interface Replay {
  readonly lines: AsyncIterable<LoggedLine>
  readonly pace: Pace
  readonly sender: Sender
  readonly tally: TallyKeeper
  /** Ends the replay; requests under way are still answered. */
  readonly signal: AbortSignal
  /** Called after every line and every answer. */
  readonly onProgress: () => void
}

/** Requests read from the log and not yet answered; enough to keep all connections busy. */
const MAX_PENDING = 256

/**
 * Plays a log. Requests of one client go one after another, in the order of the log, since who is refused
 * depends on it; those of different clients go side by side. Rejects when the log cannot be read further,
 * when the server is not there, and when the signal aborts; everything sent is counted by then.
 */
export async function play({ lines, pace, sender, tally, signal, onProgress }: Replay): Promise<void> {
  const lanes = new Lanes(async (logged) => {
    try {
      tally.countAnswer(logged.address, await sender.send(logged))
    } catch (error) {
      if (isNobodyThere(error)) throw error
      tally.countFailure(
        `${logged.method} ${logged.target}: ${error instanceof Error ? error.message : error}`,
      )
    }
    onProgress()
  })
  try {
    for await (const line of lines) {
      tally.countLine()
      if ('unreadable' in line) tally.countMalformed(line.unreadable)
      else {
        await pace.wait(line.timeMs, signal)
        await lanes.add(line)
      }
      onProgress()
    }
  } finally {
    await lanes.drain()
  }
}

/** Runs jobs of one client in order and those of others beside them, a bounded number in all. */
class Lanes {
  readonly #run: (logged: LoggedRequest) => Promise<void>
  readonly #ends = new Map<string, Promise<void>>()
  readonly #pending = new Set<Promise<void>>()
  #error: unknown
  #failed = false

  constructor(run: (logged: LoggedRequest) => Promise<void>) {
    this.#run = run
  }

  /** Resolves when there is room for another. Rejects with what went wrong in an earlier one. */
  async add(logged: LoggedRequest): Promise<void> {
    const { address } = logged
    const before = this.#ends.get(address) ?? Promise.resolve()
    const job = before.then(() => this.#runUnlessFailed(logged))
    this.#ends.set(address, job)
    this.#pending.add(job)
    void job.then(() => {
      this.#pending.delete(job)
      if (this.#ends.get(address) === job) this.#ends.delete(address)
    })
    while (this.#pending.size >= MAX_PENDING) await Promise.race(this.#pending)
    this.#throwIfFailed()
  }

  /** Waits for all that were added. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending)
    this.#throwIfFailed()
  }

  async #runUnlessFailed(logged: LoggedRequest): Promise<void> {
    if (this.#failed) return
    try {
      await this.#run(logged)
    } catch (error) {
      this.#failed = true
      this.#error = error
    }
  }

  #throwIfFailed(): void {
    if (this.#failed) throw this.#error
  }
}

/** Nothing listens there: each further request would fail alike. */
function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
