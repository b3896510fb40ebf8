import type { RequestClass } from '../../../limits/request-class.ts'
import type { LogEntry, ParsedLine } from '../log/log-entry.ts'
import { ClientRecord } from './client-record.ts'
import type { ComparedLimit } from './compared-limit.ts'
import type { OfflineLimiter } from './offline-limiter.ts'

/** The requests of a class, or of a minute. */
export interface RequestCounts {
  requests: number
  refused: number
}

/** A line that holds no request. */
export interface UnreadableLine {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  readonly why: string
}

/** The report lists so many unreadable lines, and counts the others. */
const MAX_LISTED_LINES = 5

export const MINUTE_MS = 60_000

/**
 * Sends the requests of logs through a limiter, and counts the decisions. The memory that it takes grows with
 * the clients and the minutes of the logs, not with their lines.
 */
export class Replayer {
  readonly clients: Map<string, ClientRecord> = new Map()
  /** By the number of the minute since the epoch. */
  readonly minutes: Map<number, RequestCounts> = new Map()
  readonly classes: ReadonlyMap<RequestClass, RequestCounts>
  refused = 0
  /** The first unreadable lines. */
  readonly unreadableLines: UnreadableLine[] = []
  lines = 0
  unreadable = 0
  /** Lines that describe a log, such as `#Fields: ...`. They are neither requests nor unreadable. */
  directives = 0
  /** Lines that are earlier than a line before them. They are counted at the latest time so far. */
  lateLines = 0
  mostLateMs = 0
  /** Lines that have X-Forwarded-For. */
  forwardedLines = 0
  firstMs = 0
  lastMs = 0
  readonly #limiter: OfflineLimiter
  /** Further limits that count the same requests. */
  readonly compared: readonly ComparedLimit[]

  constructor(limiter: OfflineLimiter, compared: readonly ComparedLimit[] = []) {
    this.#limiter = limiter
    this.compared = compared
    this.classes = new Map(limiter.classes.map((one) => [one, { requests: 0, refused: 0 }]))
  }

  get requests(): number {
    return this.lines - this.unreadable - this.directives
  }

  /**
   * @param parsed undefined for a line that describes the log
   * @param line the number of the line in its file
   */
  add(parsed: ParsedLine | undefined, path: string, line: number): void {
    this.lines++
    if (parsed === undefined) {
      this.directives++
      return
    }
    if (!('unreadable' in parsed)) {
      this.#addRequest(parsed)
      return
    }
    this.unreadable++
    if (this.unreadableLines.length < MAX_LISTED_LINES) {
      this.unreadableLines.push({ path, line, why: parsed.unreadable })
    }
  }

  #addRequest(entry: LogEntry): void {
    const nowMs = this.#advanceTime(entry.timeMs)
    if (entry.forwarded !== undefined) this.forwardedLines++
    const { clientKey, requestClass, allowed } = this.#limiter.decide(entry, nowMs)
    for (const one of this.compared) if (one.requestClass === requestClass) one.count(clientKey, nowMs)
    const client = this.#clientAt(clientKey)
    client.requests++
    this.#limiter.countUsage(client.usage(requestClass), requestClass, nowMs)
    const minuteCounts = this.#countsAt(Math.floor(nowMs / MINUTE_MS))
    const classCounts = this.classes.get(requestClass)
    minuteCounts.requests++
    if (classCounts !== undefined) classCounts.requests++
    if (allowed) return
    this.refused++
    minuteCounts.refused++
    if (classCounts !== undefined) classCounts.refused++
    client.countRefusal(nowMs)
  }

  /**
   * The time at which a request is counted. A server writes a line when the response ends, so the times of a
   * log sometimes go back. The clock of the limiter must not.
   */
  #advanceTime(timeMs: number): number {
    if (this.requests === 1) {
      this.firstMs = timeMs
      this.lastMs = timeMs
    }
    if (timeMs < this.lastMs) {
      this.lateLines++
      this.mostLateMs = Math.max(this.mostLateMs, this.lastMs - timeMs)
    }
    this.lastMs = Math.max(this.lastMs, timeMs)
    return this.lastMs
  }

  #clientAt(clientKey: string): ClientRecord {
    let client = this.clients.get(clientKey)
    if (client === undefined) {
      client = new ClientRecord()
      this.clients.set(clientKey, client)
    }
    return client
  }

  #countsAt(minute: number): RequestCounts {
    let counts = this.minutes.get(minute)
    if (counts === undefined) {
      counts = { requests: 0, refused: 0 }
      this.minutes.set(minute, counts)
    }
    return counts
  }
}
