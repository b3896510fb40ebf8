import type { RequestClass } from '../../../limits/request-class.ts'
import type { LogEntry, ParsedLine } from '../log/log-entry.ts'
import { ClientRecord } from './client-record.ts'
import type { OfflineLimiter } from './offline-limiter.ts'

/** Requests of a class, or of a minute. */
export interface Counts {
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

/** As many unreadable lines are named; the rest is counted. */
const MOST_NAMED = 5

export const MINUTE_MS = 60_000

/**
 * Plays lines through a limiter and counts what becomes of them. Memory grows with the clients of the log and the
 * minutes of it, not with its lines.
 */
export class Replayer {
  readonly clients: Map<string, ClientRecord> = new Map()
  /** By the minute's number since the epoch. */
  readonly minutes: Map<number, Counts> = new Map()
  readonly classes: Readonly<Record<RequestClass, Counts>> = {
    read: { requests: 0, refused: 0 },
    write: { requests: 0, refused: 0 },
  }
  readonly unreadableLines: UnreadableLine[] = []
  lines = 0
  unreadable = 0
  /** Lines earlier than one before them, which were taken at the latest time so far. */
  late = 0
  mostLateMs = 0
  /** Lines that carry X-Forwarded-For. */
  forwarded = 0
  firstMs = 0
  lastMs = 0
  readonly #limiter: OfflineLimiter

  constructor(limiter: OfflineLimiter) {
    this.#limiter = limiter
  }

  /** Requests that were read. */
  get requests(): number {
    return this.lines - this.unreadable
  }

  get refused(): number {
    return this.classes.read.refused + this.classes.write.refused
  }

  /** @param line the line's number in its file */
  add(parsed: ParsedLine, path: string, line: number): void {
    this.lines++
    if (!('unreadable' in parsed)) {
      this.#play(parsed)
      return
    }
    this.unreadable++
    if (this.unreadableLines.length < MOST_NAMED) {
      this.unreadableLines.push({ path, line, why: parsed.unreadable })
    }
  }

  #play(entry: LogEntry): void {
    const nowMs = this.#turnClock(entry.timeMs)
    if (entry.forwarded !== undefined) this.forwarded++
    const { key, requestClass, allowed } = this.#limiter.decide(entry, nowMs)
    const client = this.#clientAt(key)
    client.requests++
    this.#limiter.note(client.demand(requestClass), requestClass, nowMs)
    const minute = this.#minuteAt(Math.floor(nowMs / MINUTE_MS))
    const ofClass = this.classes[requestClass]
    minute.requests++
    ofClass.requests++
    if (allowed) return
    minute.refused++
    ofClass.refused++
    client.refuse(nowMs)
  }

  /** Logs are written when answers end, so times step back now and then; a clock that decides must not. */
  #turnClock(timeMs: number): number {
    if (this.requests === 1) {
      this.firstMs = timeMs
      this.lastMs = timeMs
    }
    if (timeMs < this.lastMs) {
      this.late++
      this.mostLateMs = Math.max(this.mostLateMs, this.lastMs - timeMs)
    }
    this.lastMs = Math.max(this.lastMs, timeMs)
    return this.lastMs
  }

  #clientAt(key: string): ClientRecord {
    let client = this.clients.get(key)
    if (client === undefined) {
      client = new ClientRecord()
      this.clients.set(key, client)
    }
    return client
  }

  #minuteAt(minute: number): Counts {
    let counts = this.minutes.get(minute)
    if (counts === undefined) {
      counts = { requests: 0, refused: 0 }
      this.minutes.set(minute, counts)
    }
    return counts
  }
}
