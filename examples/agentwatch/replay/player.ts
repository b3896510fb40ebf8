import type { LoggedLine, LoggedRequest } from './logged-request.ts'
import type { Pace } from './pace.ts'
import type { Sender } from './sender.ts'
import type { TallyKeeper } from './tally.ts'

/** The parts of a replay. */
export interface Replay {
  readonly lines: AsyncIterable<LoggedLine>
  readonly pace: Pace
  readonly sender: Sender
  readonly tally: TallyKeeper
  /** Ends the replay after the answers to the requests under way. */
  readonly signal: AbortSignal
  /** Called after every line and every answer. */
  readonly onProgress: () => void
}

/** The number of requests that are read and not answered yet: enough to keep all connections busy. */
const MAX_PENDING = 256

/**
 * Plays a log. The requests of one client are sent one after another, in the order of the log, because the
 * refusals depend on the order. Requests of different clients are sent in parallel. Rejects if the log cannot
 * be read further, if the server does not run, and if the signal aborts. By then, every request that was sent
 * is counted.
 */
export async function play({ lines, pace, sender, tally, signal, onProgress }: Replay): Promise<void> {
  const queues = new ClientQueues(async (logged) => {
    try {
      tally.countAnswer(logged.address, await sender.send(logged))
    } catch (error) {
      if (isConnectionRefused(error)) throw error
      tally.countFailure(
        `${logged.method} ${logged.target}: ${error instanceof Error ? error.message : error}`,
      )
    }
    onProgress()
  })
  try {
    for await (const line of lines) {
      tally.countLine()
      if ('unreadable' in line) tally.countUnreadableLine(line.unreadable)
      else {
        await pace.wait(line.timeMs, signal)
        await queues.add(line)
      }
      onProgress()
    }
  } finally {
    await queues.drain()
  }
}

/**
 * Runs the jobs of one client in order, and those of several clients in parallel, at most MAX_PENDING at
 * once.
 */
class ClientQueues {
  readonly #run: (logged: LoggedRequest) => Promise<void>
  /** The last job of each client. */
  readonly #lastJobs = new Map<string, Promise<void>>()
  readonly #pending = new Set<Promise<void>>()
  #error: unknown
  #failed = false

  constructor(run: (logged: LoggedRequest) => Promise<void>) {
    this.#run = run
  }

  /** Resolves when there is room for another job. Rejects with the error of an earlier job. */
  async add(logged: LoggedRequest): Promise<void> {
    const { address } = logged
    const before = this.#lastJobs.get(address) ?? Promise.resolve()
    const job = before.then(() => this.#runUnlessFailed(logged))
    this.#lastJobs.set(address, job)
    this.#pending.add(job)
    void job.then(() => {
      this.#pending.delete(job)
      if (this.#lastJobs.get(address) === job) this.#lastJobs.delete(address)
    })
    while (this.#pending.size >= MAX_PENDING) await Promise.race(this.#pending)
    this.#throwIfFailed()
  }

  /** Waits for all jobs. */
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

/** No server listens on the port, so every further request would fail too. */
function isConnectionRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
